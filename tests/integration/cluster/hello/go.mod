// A web server that keeps a counter in a file, for the test of the local cluster.
module polyant.ai/tests/hello

go 1.24.0
