// Sends each line of standard input, an event as JSON, through the Collector's splunk_hec exporter: HOST PORT TOKEN SOURCE
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/splunkhecexporter"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx, f := context.Background(), splunkhecexporter.NewFactory()
	cfg := f.CreateDefaultConfig().(*splunkhecexporter.Config)
	cfg.Endpoint = "http://" + net.JoinHostPort(os.Args[1], os.Args[2]) + "/services/collector"
	cfg.Token = configopaque.String(os.Args[3])
	cfg.Source = os.Args[4]
	cfg.HecHealthCheckEnabled = true
	// What is sent is answered before the program ends, or the program fails.
	cfg.QueueSettings.Enabled, cfg.BackOffConfig.Enabled = false, false
	e, err := f.CreateLogs(ctx, exportertest.NewNopSettings(f.Type()), cfg)
	must(err)
	must(e.Start(ctx, componenttest.NewNopHost()))
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var event map[string]any
		must(json.Unmarshal(lines.Bytes(), &event))
		must(records.AppendEmpty().Body().SetEmptyMap().FromRaw(event))
	}
	must(e.ConsumeLogs(ctx, logs))
	must(e.Shutdown(ctx))
}
