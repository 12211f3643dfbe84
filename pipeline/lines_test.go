package pipeline

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// trailTopic is the one raw topic of a bench that tests write lines for
// themselves.
const trailTopic = "raw.aws.cloudtrail"

// trailBench has one empty raw topic, of CloudTrail, that no line is later in
// than a minute.
func trailBench(t *testing.T) *bench {
	t.Helper()
	b := emptyBench(t)
	b.trail()
	return b
}

// trail makes that topic.
func (b *bench) trail() {
	b.t.Helper()
	b.cfg.Topics = []Topic{{Name: trailTopic, Source: "aws.cloudtrail"}}
	b.cfg.Lateness = map[string]time.Duration{"aws.cloudtrail": time.Minute}
	b.makeTopics(nil, trailTopic)
}

// send appends records to one partition of the raw topic, each in a batch of its
// own, and returns once they are acknowledged.
func (b *bench) send(partition int32, values ...string) {
	b.t.Helper()
	for _, v := range values {
		b.sendTogether(partition, []string{v})
	}
}

// sendTogether appends records in one batch, where they fit.
func (b *bench) sendTogether(partition int32, values []string) {
	b.t.Helper()
	client := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(24<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))
	defer client.Close()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: trailTopic, Partition: partition, Value: []byte(v)})
	}
	if err := client.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

// eventID is the log's own id of the nth line.
func eventID(n int) string { return fmt.Sprintf("0a1b2c3d-0000-4000-8000-%012d", n) }

// deletes is a line of somebody deleting an object with a temporary key. Who that
// was, only the line that issued the key can tell.
func deletes(n int, key string, at time.Time) string {
	return line(n, at, "s3.amazonaws.com", "DeleteObject", object{
		"type": "AssumedRole", "principalId": "AROAEXAMPLEDEPLOY:" + key, "accountId": "123456789012", "accessKeyId": key,
		"arn": "arn:aws:sts::123456789012:assumed-role/deploy/" + key,
		"sessionContext": object{"sessionIssuer": object{
			"type": "Role", "principalId": "AROAEXAMPLEDEPLOY", "arn": "arn:aws:iam::123456789012:role/deploy", "accountId": "123456789012", "userName": "deploy",
		}},
	}, object{
		"requestParameters": object{"bucketName": "example-invoices", "key": fmt.Sprintf("2026/%d.pdf", n)},
		"resources":         []object{{"type": "AWS::S3::Object", "ARN": fmt.Sprintf("arn:aws:s3:::example-invoices/2026/%d.pdf", n)}},
	})
}

// issues is a line of a temporary key being issued to a person, for an hour.
func issues(n int, key, person string, at time.Time) string {
	return line(n, at, "sts.amazonaws.com", "AssumeRoleWithSAML", object{
		"type": "SAMLUser", "principalId": "nQ9rKJ0example=:" + person, "userName": person, "identityProvider": "nQ9rKJ0example=",
	}, object{
		"requestParameters": object{
			"roleArn": "arn:aws:iam::123456789012:role/deploy", "roleSessionName": key, "durationSeconds": 3600,
			"principalArn": "arn:aws:iam::123456789012:saml-provider/corp",
		},
		"responseElements": object{
			"issuer": "https://idp.example.com/saml", "subject": person, "subjectType": "persistent", "audience": "https://signin.aws.amazon.com/saml",
			"credentials":     object{"accessKeyId": key, "expiration": at.Add(time.Hour).UTC().Format(time.RFC3339)},
			"assumedRoleUser": object{"assumedRoleId": "AROAEXAMPLEDEPLOY:" + key, "arn": "arn:aws:sts::123456789012:assumed-role/deploy/" + key},
		},
	})
}

type object map[string]any

func line(n int, at time.Time, source, name string, identity, rest object) string {
	o := object{
		"eventVersion": "1.09", "userIdentity": identity, "eventTime": at.UTC().Format(time.RFC3339), "eventSource": source, "eventName": name,
		"awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0", "readOnly": false,
		"eventType": "AwsApiCall", "recipientAccountId": "123456789012", "eventID": eventID(n),
	}
	for k, v := range rest {
		o[k] = v
	}
	b, err := json.Marshal(o)
	if err != nil {
		panic("pipeline: a made-up line must always encode: " + err.Error())
	}
	return string(b)
}

// chain returns the current chain of the nth line.
func (b *bench) chain(n int) correlate.Chain {
	b.t.Helper()
	b.sink.mu.Lock()
	defer b.sink.mu.Unlock()
	for _, c := range b.sink.chains {
		if c.EventID == eventID(n) {
			return c
		}
	}
	b.t.Fatalf("there is no chain of line %d", n)
	return correlate.Chain{}
}

// want checks how far the chain of the nth line has come.
func (b *bench) want(n int, status correlate.Status, settled bool) {
	b.t.Helper()
	if c := b.chain(n); c.Status != status || c.Settled != settled {
		b.t.Errorf("line %d: %s, settled %t; want %s, %t", n, c.Status, c.Settled, status, settled)
	}
}
