// The program that holds a pod's namespaces, and the first process of the node's own namespaces.
module polyant.ai/dev/cluster/pause

go 1.24.0
