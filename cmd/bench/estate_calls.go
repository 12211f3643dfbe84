package main

import "strconv"

// A call is one kind of AWS call. %h in its texts stands for eight hex digits, %n
// for a number below a hundred.
type call struct {
	service, name string
	reads         bool
	management    bool
	request       string // requestParameters and what is beside it
	resources     string
}

// calls are drawn evenly: entries that are common come more than once.
var calls = []call{
	{"ec2", "DescribeInstances", true, true, `,"requestParameters":{"maxResults":1000,"instancesSet":{"items":[{"instanceId":"i-0%h%h"},{"instanceId":"i-0%h%h"}]},"filterSet":{"items":[{"name":"tag:Name","valueSet":{"items":[{"value":"app-%n"}]}},{"name":"instance-state-name","valueSet":{"items":[{"value":"running"}]}}]}},"responseElements":null`, ``},
	{"ec2", "DescribeNetworkInterfaces", true, true, `,"requestParameters":{"networkInterfaceIdSet":{"items":[{"networkInterfaceId":"eni-0%h%h"},{"networkInterfaceId":"eni-0%h%h"}]},"filterSet":{}},"responseElements":null`, ``},
	s3Get, s3Get, s3Put,
	{"kms", "Decrypt", true, true, `,"requestParameters":{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-%n-eu-central-1/year=2026/month=01/part-%h.parquet","tenant":"team-%n"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"},"responseElements":null,"additionalEventData":{"keyMaterialId":"%h%h%h%h"}`, `{"accountId":"123456789012","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-central-1:123456789012:key/%h-0000-4000-8000-0000%h"}`},
	{"kms", "GenerateDataKey", true, true, `,"requestParameters":{"keySpec":"AES_256","keyId":"arn:aws:kms:eu-central-1:123456789012:key/%h-0000-4000-8000-0000%h","encryptionContext":{"PARAMETER_ARN":"arn:aws:ssm:eu-central-1:123456789012:parameter/app/%n/config"}},"responseElements":null`, `{"accountId":"123456789012","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-central-1:123456789012:key/%h-0000-4000-8000-0000%h"}`},
	{"secretsmanager", "GetSecretValue", true, true, `,"requestParameters":{"secretId":"arn:aws:secretsmanager:eu-central-1:123456789012:secret:app/%n/db-%h","versionStage":"AWSCURRENT"},"responseElements":null`, ``},
	{"sts", "GetCallerIdentity", true, true, `,"requestParameters":null,"responseElements":null,"additionalEventData":{"RequestDetails":{"endpointType":"regional","awsServingRegion":"eu-central-1"}}`, ``},
	{"dynamodb", "GetItem", true, false, `,"requestParameters":{"tableName":"orders-%n","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS","sk":"HIDDEN_DUE_TO_SECURITY_REASONS"},"consistentRead":false,"attributesToGet":["status","total","customer","updated_at"]},"responseElements":null`, `{"accountId":"123456789012","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders-%n"}`},
	{"lambda", "Invoke", false, false, `,"requestParameters":{"invocationType":"RequestResponse","functionName":"arn:aws:lambda:eu-central-1:123456789012:function:worker-%n","clientContext":"%h%h%h%h","qualifier":"live"},"responseElements":null,"additionalEventData":{"functionVersion":"arn:aws:lambda:eu-central-1:123456789012:function:worker-%n:42","customerEniId":"eni-0%h%h"}`, `{"accountId":"123456789012","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:eu-central-1:123456789012:function:worker-%n"}`},
	{"sqs", "SendMessage", false, false, `,"requestParameters":{"queueUrl":"https://sqs.eu-central-1.amazonaws.com/123456789012/jobs-%n","messageBody":"HIDDEN_DUE_TO_SECURITY_REASONS","delaySeconds":0},"responseElements":{"messageId":"%h-0000-4000-8000-0000%h","mD5OfMessageBody":"%h%h%h%h","sequenceNumber":"1888%n%n%n"}`, `{"accountId":"123456789012","type":"AWS::SQS::Queue","ARN":"arn:aws:sqs:eu-central-1:123456789012:jobs-%n"}`},
	{"ssm", "GetParametersByPath", true, true, `,"requestParameters":{"path":"/app/%n/production/","recursive":true,"withDecryption":true,"maxResults":10,"nextToken":"AAEAA%h%h%h%h%h%h"},"responseElements":null`, ``},
	{"iam", "GetRole", true, true, `,"requestParameters":{"roleName":"app-%n-service-role"},"responseElements":null`, ``},
	{"logs", "CreateLogStream", false, true, `,"requestParameters":{"logGroupName":"/aws/lambda/worker-%n","logStreamName":"2026/01/05/[$LATEST]%h%h%h%h"},"responseElements":null,"apiVersion":"20140328"`, ``},
	{"ec2", "CreateTags", false, true, `,"requestParameters":{"resourcesSet":{"items":[{"resourceId":"i-0%h%h"},{"resourceId":"vol-0%h%h"}]},"tagSet":{"items":[{"key":"Name","value":"app-%n"},{"key":"team","value":"team-%n"},{"key":"cost-center","value":"cc-%n%n"}]}},"responseElements":{"requestId":"%h-0000-4000-8000-0000%h","_return":true}`, ``},
	{"iam", "PutRolePolicy", false, true, `,"requestParameters":{"roleName":"app-%n-service-role","policyName":"inline-%h","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\"],\"Resource\":\"arn:aws:s3:::data-%n-eu-central-1/*\"}]}"},"responseElements":null`, ``},
	{"autoscaling", "DescribeAutoScalingGroups", true, true, `,"errorCode":"ThrottlingException","errorMessage":"Rate exceeded","requestParameters":{"autoScalingGroupNames":["app-%n-asg-%h"],"maxRecords":100,"includeInstances":true},"responseElements":null`, ``},
	{"s3", "GetBucketPolicy", true, true, `,"errorCode":"AccessDenied","errorMessage":"User: arn:aws:sts::123456789012:assumed-role/app-%n-service-role/x is not authorized to perform: s3:GetBucketPolicy on resource: \"arn:aws:s3:::data-%n-eu-central-1\"","requestParameters":{"bucketName":"data-%n-eu-central-1","Host":"data-%n-eu-central-1.s3.eu-central-1.amazonaws.com","policy":""},"responseElements":null`, `{"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::data-%n-eu-central-1"}`},
}

var (
	s3Get = call{"s3", "GetObject", true, false, `,"requestParameters":{"bucketName":"data-%n-eu-central-1","Host":"data-%n-eu-central-1.s3.eu-central-1.amazonaws.com","key":"year=2026/month=01/part-%h-%h.snappy.parquet"},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"%h%h%h%h%h%h=","bytesTransferredOut":48%n%n}`, s3Object}
	s3Put = call{"s3", "PutObject", false, false, `,"requestParameters":{"X-Amz-Date":"20260105T101500Z","bucketName":"data-%n-eu-central-1","x-amz-acl":"bucket-owner-full-control","Host":"data-%n-eu-central-1.s3.eu-central-1.amazonaws.com","key":"year=2026/month=01/part-%h-%h.snappy.parquet"},"responseElements":{"x-amz-server-side-encryption":"AES256","x-amz-version-id":"%h%h%h%h"},"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":12%n%n,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"%h%h%h%h%h%h=","bytesTransferredOut":0}`, s3Object}
)

const s3Object = `{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::data-%n-eu-central-1/year=2026/month=01/part-%h.snappy.parquet"},{"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::data-%n-eu-central-1"}`

var sdkAgents = []string{
	"Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#5.10.213 md/arch#x86_64 lang/python#3.11.9 Botocore/1.34.84",
	"aws-cli/2.22.12 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0-1017-aws lang/python#3.12.6 md/command#s3.cp",
	"aws-sdk-go-v2/1.32.6 ua/2.1 os/linux lang/go#1.23.4 md/GOARCH#amd64 api/s3#1.71.0 m/E,g",
	"APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) aws-sdk-go-v2/1.32.6",
	"[aws-sdk-java/2.29.29 md/io#sync ua/2.1 os/Linux#6.1.115 lang/java#17.0.13]",
}

func (c *call) fill(b []byte, d *dice) []byte { return expand(b, c.request, d) }

// touched appends the resources, if the call names any.
func (c *call) touched(b []byte, d *dice) []byte {
	if c.resources == "" {
		return b
	}
	b = append(b, `,"resources":[`...)
	b = expand(b, c.resources, d)
	return append(b, ']')
}

func expand(b []byte, text string, d *dice) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b = append(b, text[i])
			continue
		}
		if i++; text[i] == 'h' {
			b = d.letters(b, 8, hexDigits)
		} else {
			b = strconv.AppendInt(b, int64(d.below(90)+10), 10)
		}
	}
	return b
}
