// Command reference says how long VictoriaMetrics' own parser takes for each line of standard input.
//
//	reference DURATION      prints nanoseconds a query, one line each
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"
)

func main() {
	least, err := time.ParseDuration(os.Args[1])
	if err != nil {
		fail(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		query := strings.ReplaceAll(lines.Text(), "⏎", "\n")
		begun, count := time.Now(), 0
		for time.Since(begun) < least {
			if _, err := metricsql.Parse(query); err != nil {
				fail(fmt.Errorf("%s: %w", query, err))
			}
			count++
		}
		fmt.Println(time.Since(begun).Nanoseconds() / int64(count))
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
