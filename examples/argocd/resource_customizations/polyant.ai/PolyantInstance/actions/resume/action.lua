-- Absent and not false: an action leaves nothing behind that Git has no say in.
obj.spec.paused = nil
return obj
