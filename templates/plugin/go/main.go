// A plug-in: each function under a go:wasmexport is one that hosts call by name.
package main

import "github.com/extism/go-pdk"

// Input: a name. Output: a greeting, which the host may set (--config greeting=Salut). 0 means success.
//
//go:wasmexport greet
func greet() int32 {
	greeting, ok := pdk.GetConfig("greeting")
	if !ok {
		greeting = "Hello"
	}
	pdk.OutputString(greeting + ", " + pdk.InputString() + "!")
	return 0
}

func main() {}
