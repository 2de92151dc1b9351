-- From here on the operator writes nothing but the status.
obj.spec.paused = true
return obj
