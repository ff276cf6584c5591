// Says what Go's regular expressions match: a pattern and values on each line, as JSON.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"regexp"
)

type question struct {
	Pattern string
	Values  []string
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(answer(asked)); err != nil {
			log.Fatal(err)
		}
	}
}

// answer gives null for a pattern that is none, on its own or anchored as VictoriaMetrics does it.
func answer(asked question) []bool {
	if _, err := regexp.Compile(asked.Pattern); err != nil {
		return nil
	}
	anchored, err := regexp.Compile("^(?s:" + asked.Pattern + ")$")
	if err != nil {
		return nil
	}
	matches := []bool{}
	for _, value := range asked.Values {
		matches = append(matches, anchored.MatchString(value))
	}
	return matches
}
