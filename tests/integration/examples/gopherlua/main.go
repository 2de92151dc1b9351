// Command gopherlua runs scripts for objects as Argo CD's util/lua does: the same interpreter, the same
// libraries opened, the object as the global `obj`, the answer as JSON. It reads one request per line,
// {"script": "...", "obj": {...}}, and writes one answer per line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

type request struct {
	Script string         `json:"script"`
	Obj    map[string]any `json:"obj"`
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 16<<20)
	for input.Scan() {
		answer, err := run(input.Bytes())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(answer)
	}
}

func run(line []byte) (string, error) {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return "", err
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return "", err
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	state.SetContext(limit)
	state.SetGlobal("obj", luajson.DecodeValue(state, asked.Obj))
	if err := state.DoString(asked.Script); err != nil {
		return "", err
	}
	answer, err := luajson.Encode(state.Get(-1))
	return string(answer), err
}
