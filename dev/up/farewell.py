"""The last words of `make up`: where things are and what to try next."""

from dev.up import agents, quickstart
from dev.up.world import World


def text(world: World) -> str:
    """Addresses, passwords, and how to go on."""
    kubectl = f"{world.kubectl.program} --kubeconfig {world.kubectl.kubeconfig}"
    reading = "go-template='{{.data.email | base64decode}} {{.data.password | base64decode}}'"
    return f"""
The panel:     {world.public_url}   (a resolver that does not know it: 127.0.0.1 {quickstart.HOST} in /etc/hosts)
The API:       {_api(world)}/v1   (OpenAI-compatible; the model is the agent's name, '{agents.AGENT}')
The cluster:   export KUBECONFIG={world.kubectl.kubeconfig}; alias kubectl={world.kubectl.program}
Administrator: the generated password was changed at the first sign-in; the current one:
  {kubectl} -n {quickstart.NAMESPACE} get secret {agents.LOGIN_SECRET} -o {reading}
The agent's API key:
  {kubectl} -n {quickstart.NAMESPACE} get secret {agents.LOGIN_SECRET} -o go-template='{{{{.data.apiKey | base64decode}}}}'
A real model: put its key into a Secret and name it in spec.models
  kubectl -n {quickstart.NAMESPACE} create secret generic openai --from-literal=api-key=sk-...
  kubectl -n {quickstart.NAMESPACE} patch polyantinstance {quickstart.INSTANCE} --type=json -p '[{{"op":"add","path":"/spec/models/-","value":{{"name":"openai","provider":"openai","apiKeySecretRef":{{"name":"openai","key":"api-key"}}}}}}]'
Look at it:    kubectl -n {quickstart.NAMESPACE} get polyantinstances,pods
Remove it all: make down"""


def _api(world: World) -> str:
    return world.settings.engine_public_url or world.public_url
