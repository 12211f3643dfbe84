package simulate

import (
	"time"
)

// deed is something that can be done in AWS.
type deed struct {
	service, name string
	read          bool
	data          bool // a data event
	fill          func(s *story, a account) (params object, touched []trailResource)
}

// Deeds by who does them.
var (
	looks = []deed{
		{"ec2", "DescribeInstances", true, false, fixed(object{"instancesSet": object{}, "filterSet": object{}, "maxResults": 100})},
		{"iam", "ListRoles", true, false, fixed(object{"maxItems": 100})},
		{"rds", "DescribeDBInstances", true, false, fixed(nil)},
		{"monitoring", "GetMetricData", true, false, fixed(object{"maxDatapoints": 500, "scanBy": "TimestampDescending"})},
		{"sts", "GetCallerIdentity", true, false, fixed(nil)},
		{"s3", "GetBucketPolicy", true, false, bucket},
		{"s3", "GetObject", true, true, bucketObject},
		{"s3", "ListObjects", true, true, bucket},
		{"secretsmanager", "DescribeSecret", true, false, secret},
		{"dynamodb", "DescribeTable", true, false, table},
	}
	changes = []deed{
		{"s3", "PutObject", false, true, bucketObject},
		{"s3", "DeleteObject", false, true, bucketObject},
		{"ec2", "AuthorizeSecurityGroupIngress", false, false, securityGroup},
		{"ec2", "TerminateInstances", false, false, instance},
		{"lambda", "UpdateFunctionCode20150331v2", false, false, function},
		{"ecs", "UpdateService", false, false, fixed(object{"cluster": "main", "service": "web-shop", "forceNewDeployment": true})},
		{"iam", "AttachRolePolicy", false, false, rolePolicy},
		{"dynamodb", "UpdateTable", false, false, table},
	}
	secrets = []deed{
		{"secretsmanager", "GetSecretValue", true, false, secret},
		{"ssm", "GetParameter", true, false, parameter},
		{"kms", "Decrypt", true, false, kmsKey},
	}
	models = []deed{
		{"bedrock", "InvokeModel", true, false, model},
		{"bedrock", "Converse", true, false, model},
	}
)

// calls makes n calls with the session, drawn from what it is used for.
func (s *story) calls(a *session, n int, from ...[]deed) {
	from = s.ordinary(from)
	for range n {
		s.wait(time.Second, 15*time.Second)
		s.call(a, pick(s.dice, pick(s.dice, from)))
	}
}

// call makes one call, which is refused now and then.
func (s *story) call(a *session, d deed) *line {
	params, touched := d.fill(s, a.account)
	t := trail{
		UserIdentity: a.identity, EventSource: d.service + ".amazonaws.com", EventName: d.name, SourceIPAddress: a.ip, UserAgent: a.agent,
		ReadOnly: d.read, Resources: touched, RecipientAccount: a.account.id,
		RequestParameters: params,
	}
	if d.data {
		t.EventCategory = "Data"
		t.Additional = object{
			"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0, "bytesTransferredOut": s.between(200, 900_000),
			"AuthenticationMethod": "AuthHeader", "x-amz-id-2": s.blob(48),
		}
	}
	if a.console {
		t.FromConsole = "true"
	}
	switch {
	case !s.allowed && s.chance(0.03):
		t.ErrorCode = "AccessDenied"
		t.ErrorMessage = "User: " + a.identity.ARN + " is not authorized to perform: " + d.service + ":" + d.name + " because no identity-based policy allows the " + d.service + ":" + d.name + " action"
	case !d.read && !d.data:
		t.ResponseElements = object{"_return": true, "requestId": s.uuid()}
	}
	return s.writeTrail(t, a.owner, a.ways())
}

func fixed(params object) func(*story, account) (object, []trailResource) {
	return func(*story, account) (object, []trailResource) { return params, nil }
}

func bucketName(a account, s *story) string {
	return "example-" + a.name + "-" + pick(s.dice, []string{"invoices", "exports", "artifacts", "logs", "models"})
}

func bucket(s *story, a account) (object, []trailResource) {
	name := bucketName(a, s)
	return object{"bucketName": name, "Host": name + ".s3." + region + ".amazonaws.com"},
		[]trailResource{{a.id, "AWS::S3::Bucket", "arn:aws:s3:::" + name}}
}

func bucketObject(s *story, a account) (object, []trailResource) {
	name := bucketName(a, s)
	key := s.now.Format("2006/01/02/") + s.hex(16) + ".parquet"
	return object{"bucketName": name, "Host": name + ".s3." + region + ".amazonaws.com", "key": key},
		[]trailResource{{"", "AWS::S3::Object", "arn:aws:s3:::" + name + "/" + key}, {a.id, "AWS::S3::Bucket", "arn:aws:s3:::" + name}}
}

func secret(s *story, a account) (object, []trailResource) {
	name := pick(s.dice, []string{"payments/stripe-Ab12Cd", "web/session-Gh34Ij", "data/warehouse-Kl56Mn", "platform/pager-Op78Qr"})
	return object{"secretId": "arn:aws:secretsmanager:" + region + ":" + a.id + ":secret:" + name}, nil
}

func parameter(s *story, a account) (object, []trailResource) {
	name := "/" + a.name + "/" + pick(s.dice, unitNames) + "/database-url"
	return object{"name": name, "withDecryption": true},
		[]trailResource{{a.id, "AWS::SSM::Parameter", "arn:aws:ssm:" + region + ":" + a.id + ":parameter" + name}}
}

func kmsKey(s *story, a account) (object, []trailResource) {
	return object{"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": object{"aws:s3:arn": "arn:aws:s3:::" + bucketName(a, s)}},
		[]trailResource{{a.id, "AWS::KMS::Key", "arn:aws:kms:" + region + ":" + a.id + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"}}
}

func table(s *story, a account) (object, []trailResource) {
	name := pick(s.dice, []string{"orders", "carts", "ledgers"})
	return object{"tableName": name}, []trailResource{{a.id, "AWS::DynamoDB::Table", "arn:aws:dynamodb:" + region + ":" + a.id + ":table/" + name}}
}

func instance(s *story, _ account) (object, []trailResource) {
	return object{"instancesSet": object{"items": []object{{"instanceId": "i-0" + s.hex(16)}}}}, nil
}

func securityGroup(s *story, _ account) (object, []trailResource) {
	return object{"groupId": "sg-0" + s.hex(16), "ipPermissions": object{"items": []object{{
		"fromPort": 5432, "toPort": 5432, "ipProtocol": "tcp", "ipRanges": object{"items": []object{{"cidrIp": "10.20.0.0/16"}}},
	}}}}, nil
}

func function(s *story, a account) (object, []trailResource) {
	name := pick(s.dice, []string{"invoice-mailer", "thumbnailer", "cart-cleaner"})
	return object{"functionName": name, "publish": false, "dryRun": false},
		[]trailResource{{a.id, "AWS::Lambda::Function", "arn:aws:lambda:" + region + ":" + a.id + ":function:" + name}}
}

func rolePolicy(s *story, _ account) (object, []trailResource) {
	return object{"roleName": pick(s.dice, []string{"data-reader", "deploy"}), "policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}, nil
}

func model(s *story, a account) (object, []trailResource) {
	id := pick(s.dice, []string{"anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0", "meta.llama3-3-70b-instruct-v1:0"})
	return object{"modelId": id}, []trailResource{{a.id, "AWS::Bedrock::Model", "arn:aws:bedrock:" + region + "::foundation-model/" + id}}
}

var (
	browsers = []string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
	}
	toolAgents = []string{
		"aws-cli/2.22.12 md/awscrt#0.23.4 ua/2.0 os/macos#24.1.0 md/arch#arm64 lang/python#3.12.7 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off",
		"APN/1.0 HashiCorp/1.0 Terraform/1.10.3 (+https://www.terraform.io) terraform-provider-aws/5.82.2 aws-sdk-go-v2/1.32.7 ua/2.1 os/linux lang/go#1.23.3",
		"Boto3/1.35.86 md/Botocore#1.35.86 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3 cfg/retry-mode#legacy Botocore/1.35.86",
	}
)
