-- Any new value re-arms a failed migration. The resource version is one that was never used, and
-- needs no clock.
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["polyant.ai/retry-migration"] = "argocd-" .. obj.metadata.resourceVersion
return obj
