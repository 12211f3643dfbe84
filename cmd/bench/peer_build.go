package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peerBuilder says what the collector is made of. Its module's go.mod is left as it
// is: to tidy it asks for tests' dependencies that a proxy may refuse.
const peerBuilder = `
dist: {name: otelcol-bench, module: otelcol-bench, output_path: ./src}
receivers:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver v0.149.0
processors:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/processor/transformprocessor v0.149.0
  - gomod: go.opentelemetry.io/collector/processor/batchprocessor v0.149.0
exporters:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/exporter/clickhouseexporter v0.149.0
providers:
  - gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v1.55.0
  - gomod: go.opentelemetry.io/collector/confmap/provider/envprovider v1.55.0
`

const peerVersion = "v0.149.0"

// buildPeer returns the collector's path, building it if it is not there yet.
func buildPeer(ctx context.Context, o options) (string, error) {
	tools := o.tools
	if tools == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		tools = filepath.Join(cache, "whence")
	}
	tools, err := filepath.Abs(tools)
	if err != nil {
		return "", err
	}
	program := filepath.Join(tools, "otelcol-"+peerVersion)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	o.say("building the OpenTelemetry collector; this takes minutes")
	work, err := os.MkdirTemp(o.dir, "otelcol-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "builder.yaml"), []byte(peerBuilder), 0o644); err != nil {
		return "", err
	}
	for _, step := range []struct {
		dir  string
		args []string
	}{
		{work, []string{"run", "go.opentelemetry.io/collector/cmd/builder@" + peerVersion, "--config", "builder.yaml", "--skip-compilation", "--skip-get-modules"}},
		{filepath.Join(work, "src"), []string{"build", "-mod=mod", "-trimpath", "-o", program, "."}},
	} {
		cmd := exec.CommandContext(ctx, "go", step.args...)
		cmd.Dir, cmd.Env = step.dir, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go %s: %w\n%s", step.args[0], err, out[max(0, len(out)-2000):])
		}
	}
	return program, nil
}
