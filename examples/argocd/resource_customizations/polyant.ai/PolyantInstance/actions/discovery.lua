-- What a person may do to an instance now; the other actions are shown greyed out.
local actions = {}
actions["pause"] = {["disabled"] = true, ["iconClass"] = "fa fa-fw fa-pause-circle"}
actions["resume"] = {["disabled"] = true, ["iconClass"] = "fa fa-fw fa-play-circle"}
actions["retry-migration"] = {["disabled"] = true, ["iconClass"] = "fa fa-fw fa-redo"}

if obj.spec ~= nil and obj.spec.paused == true then
  actions["resume"]["disabled"] = false
else
  actions["pause"]["disabled"] = false
end

-- A retry makes sense where the migration has ended and will not be tried again by itself.
local failed, stalled = false, false
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Migrated" and condition.status == "False" then
      failed = true
    end
    if condition.type == "Stalled" and condition.status == "True" then
      stalled = true
    end
  end
end
if failed and stalled then
  actions["retry-migration"]["disabled"] = false
end

return actions
