package main

import "text/template"

// peerTemplate is the collector's configuration: from a file to ClickHouse, with
// batches as large as whence's.
var peerTemplate = template.Must(template.New("collector.yaml").Parse(`
receivers:
  filelog:
    include: [{{.Dir}}/in/*.ndjson]
    start_at: beginning
    poll_interval: 100ms
    max_log_size: 1MiB
processors:
  transform:
    error_mode: ignore
    log_statements:
      - context: log
        statements:
          - merge_maps(log.cache, ParseJSON(log.body), "upsert")
{{- range .Fields}}
          - set(log.attributes["{{.Name}}"], log.cache{{.Path}})
{{- end}}
          - set(log.time, Time(log.cache["eventTime"], "%Y-%m-%dT%H:%M:%SZ"))
          - set(log.body, "")
  batch: {send_batch_size: 50000, timeout: 1s}
exporters:
  clickhouse:
    endpoint: tcp://{{.ClickHouse}}?dial_timeout=10s
    database: {{.Database}}
    ttl: 0s
    create_schema: true
    async_insert: false
    compress: lz4
    timeout: 60s
service:
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines:
    logs: {receivers: [filelog], processors: [transform, batch], exporters: [clickhouse]}
`))

// peerFields are what is taken from an event.
var peerFields = []struct{ Name, Path string }{
	{"source", `["eventSource"]`}, {"name", `["eventName"]`}, {"region", `["awsRegion"]`}, {"ip", `["sourceIPAddress"]`},
	{"ua", `["userAgent"]`}, {"err", `["errorCode"]`}, {"id", `["eventID"]`}, {"req", `["requestID"]`}, {"type", `["eventType"]`},
	{"recipient", `["recipientAccountId"]`}, {"ro", `["readOnly"]`}, {"shared", `["sharedEventID"]`}, {"category", `["eventCategory"]`},
	{"utype", `["userIdentity"]["type"]`}, {"uprincipal", `["userIdentity"]["principalId"]`}, {"uarn", `["userIdentity"]["arn"]`},
	{"uaccount", `["userIdentity"]["accountId"]`}, {"ukey", `["userIdentity"]["accessKeyId"]`}, {"uname", `["userIdentity"]["userName"]`},
	{"uinvoked", `["userIdentity"]["invokedBy"]`}, {"issuer", `["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]`},
	{"issuer_name", `["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"]`},
	{"created", `["userIdentity"]["sessionContext"]["attributes"]["creationDate"]`},
	{"mfa", `["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"]`},
	{"role", `["requestParameters"]["roleArn"]`}, {"session", `["requestParameters"]["roleSessionName"]`},
}
