"""The last words of `make up`: where things are and what to try next."""

from dev.up import agents, quickstart
from dev.up.world import World


def text(world: World) -> str:
    """Addresses, passwords, and how to go on."""
    namespace, instance = quickstart.NAMESPACE, quickstart.INSTANCE
    reading = f"kubectl -n {namespace} get secret {agents.LOGIN_SECRET} -o go-template="
    provider = (
        '{"name":"openai","provider":"openai","apiKeySecretRef":{"name":"openai","key":"api-key"}}'
    )
    patch = f'[{{"op":"add","path":"/spec/models/-","value":{provider}}}]'
    return f"""
The panel   {world.public_url}
            (where *.localhost is not known: add `127.0.0.1 {quickstart.HOST}` to /etc/hosts)
The API     {_api(world)}/v1, OpenAI-compatible; the model is the agent's name, `{agents.AGENT}`

For the commands below:
  export KUBECONFIG={world.kubectl.kubeconfig}
  kubectl() {{ {world.kubectl.program} "$@"; }}
The administrator and the password now (the generated one was changed at the first sign-in):
  {reading}'{{{{.data.email | base64decode}}}} {{{{.data.password | base64decode}}}}{{{{"\\n"}}}}'
The agent's API key:
  {reading}'{{{{.data.apiKey | base64decode}}}}{{{{"\\n"}}}}'
Look at it:
  kubectl -n {namespace} get polyantinstances,pods
A real model instead of the scripted one:
  kubectl -n {namespace} create secret generic openai --from-literal=api-key=sk-...
  kubectl -n {namespace} patch polyantinstance {instance} --type=json -p '{patch}'
Remove everything:
  make down
"""


def _api(world: World) -> str:
    return world.settings.engine_public_url or world.public_url
