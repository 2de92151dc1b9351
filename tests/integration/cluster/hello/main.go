// Hello counts its visitors in /data/count; `hello lookup NAME` resolves a name.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

const file = "/data/count"

func main() {
	if len(os.Args) == 3 && os.Args[1] == "lookup" {
		addresses, err := net.LookupHost(os.Args[2])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(strings.Join(addresses, " "))
		return
	}
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		text, _ := os.ReadFile(file)
		count, _ := strconv.Atoi(string(text))
		if err := os.WriteFile(file, []byte(strconv.Itoa(count+1)), 0o600); err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(answer, "visitor %d\n", count+1)
	})
	fmt.Println("listening")
	fmt.Println(http.ListenAndServe(":8000", nil))
}
