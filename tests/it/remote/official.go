// Reads configuration files as the Go SDK and the `databricks` command do: a JSON list of texts on stdin, a JSON list of
// {"sections": {...}} or {"error": "..."} on stdout. For the test `official.rs`. To build it, in a folder of its own:
//
//	cp .../official.go main.go; go mod init x; go get gopkg.in/ini.v1@v1.67.0; go build -o ini .; LAKELENS_GO_INI=$PWD/ini
package main

import (
	"encoding/json"
	"os"

	"gopkg.in/ini.v1"
)

func read(text string) map[string]any {
	file, err := ini.Load([]byte(text))
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	sections := map[string]map[string]string{}
	for _, section := range file.Sections() {
		sections[section.Name()] = section.KeysHash()
	}
	return map[string]any{"sections": sections}
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		panic(err)
	}
	answers := []map[string]any{}
	for _, text := range texts {
		answers = append(answers, read(text))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
