-- Health of a PolyantInstance, by the rules of kstatus, so that Argo CD, Flux and kubectl agree:
-- first the generation, then Reconciling and Stalled in the order of the list, then Ready.
-- One state more than kstatus has: a paused instance is Suspended, unless a person is needed.

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  conditions = obj.status.conditions
end

-- What a condition says, in the words of `kubectl get`: reason, then message.
local function words(condition, otherwise)
  if condition == nil or condition.reason == nil or condition.reason == "" then
    return otherwise
  end
  if condition.message == nil or condition.message == "" then
    return condition.reason
  end
  return condition.reason .. ": " .. condition.message
end

local function found(kind)
  for _, condition in ipairs(conditions) do
    if condition.type == kind then
      return condition
    end
  end
  return nil
end

local function paused()
  local condition = found("Paused")
  return condition ~= nil and condition.status == "True"
end

if obj.metadata.deletionTimestamp ~= nil then
  return {status = "Progressing", message = "The instance is being deleted."}
end

if obj.status == nil or (obj.status.observedGeneration or -1) == -1 then
  return {status = "Progressing", message = "The operator has not seen this instance yet."}
end

if obj.status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "The operator has not seen the latest change yet."}
end

for _, condition in ipairs(conditions) do
  if condition.status == "True" and condition.type == "Reconciling" then
    if paused() then
      return {status = "Suspended", message = words(condition, "The instance is paused.")}
    end
    return {status = "Progressing", message = words(condition, "The operator is at work.")}
  end
  if condition.status == "True" and condition.type == "Stalled" then
    return {status = "Degraded", message = words(condition, "A person is needed.")}
  end
end

local ready = found("Ready")
if ready == nil then
  return {status = "Progressing", message = "The operator has not judged this instance yet."}
end
if ready.status ~= "True" then
  if paused() then
    return {status = "Suspended", message = words(ready, "The instance is paused.")}
  end
  return {status = "Progressing", message = words(ready, "The instance is not ready.")}
end
if paused() then
  return {status = "Suspended", message = words(found("Paused"), "The instance is paused.")}
end
return {status = "Healthy", message = words(ready, "Everything runs as the spec asks.")}
