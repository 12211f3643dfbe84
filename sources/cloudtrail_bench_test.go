package sources

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"
)

// cloudtrailLines are lines as trails have them: calls by role sessions, some of
// users and services, and every fifth the assuming of a role. About 1.45 KB each.
func cloudtrailLines() [][]byte {
	const role = `"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE0DEPLOY0%[1]d:deploy-%[1]d","arn":"arn:aws:sts::123456789012:assumed-role/platform-deploy/deploy-%[1]d","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE0KEY0%04[1]d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE0DEPLOY0%[1]d","arn":"arn:aws:iam::123456789012:role/platform/platform-deploy","accountId":"123456789012","userName":"platform-deploy"},"webIdFederationData":{},"attributes":{"creationDate":"2026-11-22T03:05:08Z","mfaAuthenticated":"false"},"sourceIdentity":"alice@example.com"}}`
	const person = `"userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE0ALICE0%[1]d","arn":"arn:aws:iam::123456789012:user/people/alice%[1]d","accountId":"123456789012","accessKeyId":"AKIAEXAMPLE0KEY0%04[1]d","userName":"alice%[1]d","sessionContext":{"sessionIssuer":{},"webIdFederationData":{},"attributes":{"creationDate":"2026-11-22T03:05:08Z","mfaAuthenticated":"true"}}}`
	calls := []struct{ identity, source, name, readOnly, rest string }{
		{role, "s3", "GetObject", "true", `"requestParameters":{"bucketName":"example-invoices","Host":"example-invoices.s3.eu-west-1.amazonaws.com","key":"2026/11/invoice-%[1]d.pdf"},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","bytesTransferredOut":48213},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::example-invoices/2026/11/invoice-%[1]d.pdf"},{"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::example-invoices"}]`},
		{person, "ec2", "DescribeInstances", "true", `"requestParameters":{"maxResults":1000,"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"},{"instanceId":"i-0123456789abcdef1"}]},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"},{"value":"pending"},{"value":"stopping"}]}},{"name":"tag:team","valueSet":{"items":[{"value":"payments"},{"value":"checkout"},{"value":"platform"}]}},{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-0123456789abcdef0"}]}}]}},"responseElements":null,"vpcEndpointId":"vpce-0123456789abcdef0","additionalEventData":{"service":"ec2"}`},
		{role, "kms", "Decrypt", "true", `"requestParameters":{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::example-invoices/2026/11","aws:lambda:FunctionArn":"arn:aws:lambda:eu-west-1:123456789012:function:invoice-reader"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"},"responseElements":null,"additionalEventData":{"keyMaterialId":"1234abcd12ab34cd56ef1234567890ab"},"resources":[{"accountId":"123456789012","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}]`},
		{role, "lambda", "UpdateFunctionCode20150331v2", "false", `"requestParameters":{"functionName":"arn:aws:lambda:eu-west-1:123456789012:function:checkout-%[1]d","s3Bucket":"example-artifacts","s3Key":"checkout/%[1]d.zip","publish":true,"dryRun":false},"responseElements":{"functionName":"checkout-%[1]d","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:checkout-%[1]d","runtime":"provided.al2023","role":"arn:aws:iam::123456789012:role/checkout","handler":"bootstrap","codeSize":10240,"timeout":30,"memorySize":512,"version":"17","state":"Active","packageType":"Zip"}`},
		{person, "sts", "AssumeRole", "true", `"requestParameters":{"roleArn":"arn:aws:iam::123456789012:role/platform/platform-deploy","roleSessionName":"Alice@Example.com","durationSeconds":3600,"sourceIdentity":"alice@example.com"},"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE0NEW0%04[1]d","sessionToken":"IQoJb3JpZ2luX2VjEExampleTokenExampleTokenExampleTokenExampleTokenExampleTokenExampleTokenExampleTokenExampleTokenExampleToken==","expiration":"Nov 22, 2026, 5:05:08 AM"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLE0DEPLOY0%[1]d:Alice@Example.com","arn":"arn:aws:sts::123456789012:assumed-role/platform-deploy/Alice@Example.com"}},"sharedEventID":"7f1b6a44-0000-4000-8000-00000000%04[1]d","resources":[{"accountId":"123456789012","type":"AWS::IAM::Role","ARN":"arn:aws:iam::123456789012:role/platform/platform-deploy"}]`},
	}
	var lines [][]byte
	for i := range 500 {
		c := calls[i%len(calls)]
		at := time.Date(2026, 11, 22, 4, 0, i, 0, time.UTC).Format(time.RFC3339)
		line := `{"eventVersion":"1.11",` + c.identity + `,"eventTime":"` + at + `","eventSource":"` + c.source + `.amazonaws.com","eventName":"` + c.name +
			`","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.%[2]d","userAgent":"aws-cli/2.15.0 md/Botocore#2.0.0 ua/2.0 os/linux#6.1 lang/python#3.11.6",` + c.rest +
			`,"requestID":"6e1f3c1e-0000-4000-8000-00000000%04[1]d","eventID":"0a1b2c3d-0000-4000-8000-00000000%04[1]d","readOnly":` + c.readOnly +
			`,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"}`
		lines = append(lines, fmt.Appendf(nil, line, i, i%250))
	}
	return lines
}

// TestCloudTrailAllocatesNothing: once a batch has its size and the decoder has met
// every call, in every shape of event that the fixtures have.
func TestCloudTrailAllocatesNothing(t *testing.T) {
	var out Batch
	check := func(name string, in Input) {
		t.Helper()
		decode := func() { out.Reset(); cloudtrailDecode(in, &out) }
		decode()
		if len(out.Rejects) > 0 {
			return // a reject owns its memory
		}
		if n := testing.AllocsPerRun(10, decode); n != 0 {
			t.Errorf("%s: %v allocations: %.300s", name, n, in.Raw)
		}
	}
	for _, line := range cloudtrailLines()[:5] {
		check("line", Input{Raw: line})
	}
	for _, f := range fixtures(t, cloudtrailName) {
		if strings.HasSuffix(f.path, "odd.txtar") {
			continue // times and numbers of other forms
		}
		for _, in := range f.inputs {
			check(f.path, Input{Raw: bytes.TrimSpace(in.Raw)})
		}
	}
}

// BenchmarkDecodeCloudTrail compares decoding with the least that can be done with
// the bytes, and tells what the evidence hash costs, all in one run.
func BenchmarkDecodeCloudTrail(b *testing.B) {
	lines := cloudtrailLines()
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	var out Batch
	floor, hash, decode := time.Hour, time.Hour, time.Hour // the best round of each: others share the machine
	quotes := 0
	b.ReportAllocs()
	for b.Loop() {
		t0 := time.Now()
		for _, l := range lines {
			for i := bytes.IndexByte(l, '"'); i >= 0; i = bytes.IndexByte(l, '"') {
				quotes++
				l = l[i+1:]
			}
		}
		t1 := time.Now()
		for _, l := range lines {
			h := sha256.Sum256(l)
			quotes += int(h[0])
		}
		t2 := time.Now()
		out.Reset()
		for _, l := range lines {
			cloudtrailDecode(Input{Raw: l}, &out)
		}
		floor, hash, decode = min(floor, t1.Sub(t0)), min(hash, t2.Sub(t1)), min(decode, time.Since(t2))
	}
	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(len(lines)) }
	b.ReportMetric(float64(size)/float64(len(lines)), "B/event")
	b.ReportMetric(per(decode), "ns/event")
	b.ReportMetric(per(floor), "floor-ns/event")
	b.ReportMetric(per(hash), "hash-ns/event")
	b.ReportMetric(float64(decode-hash)/float64(floor), "floor-ratio")
}
