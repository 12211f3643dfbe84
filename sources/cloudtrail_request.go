package sources

import (
	"encoding/json"
	"strings"

	"github.com/bytedance/sonic"
)

// cloudtrailRequest is what is read of requestParameters: names only.
type cloudtrailRequest struct {
	// Credentials.
	RoleArn         string          `json:"roleArn"`
	RoleSessionName string          `json:"roleSessionName"`
	SourceIdentity  string          `json:"sourceIdentity"`
	TargetPrincipal string          `json:"targetPrincipal"`
	Name            string          `json:"name"`
	UserName        string          `json:"userName"`
	AccessKeyID     string          `json:"accessKeyId"`
	Status          string          `json:"status"`
	Duration        json.RawMessage `json:"durationSeconds"` // a number, or one in a string
	Tags            json.RawMessage `json:"tags"`
	PrincipalTags   json.RawMessage `json:"principalTags"`
	WithDecryption  json.RawMessage `json:"withDecryption"`

	// Resources.
	BucketName   string `json:"bucketName"`
	Key          string `json:"key"`
	SecretID     string `json:"secretId"`
	ModelID      string `json:"modelId"`
	RoleName     string `json:"roleName"`
	GroupName    string `json:"groupName"`
	PolicyArn    string `json:"policyArn"`
	FunctionName string `json:"functionName"`
	InstanceID   string `json:"instanceId"`
	Instances    struct {
		Items []struct {
			InstanceID string `json:"instanceId"`
		} `json:"items"`
	} `json:"instancesSet"`
	InstanceIDs     []string `json:"instanceIds"`
	GroupID         string   `json:"groupId"`
	ImageID         string   `json:"imageId"`
	SnapshotID      string   `json:"snapshotId"`
	VolumeID        string   `json:"volumeId"`
	VpcID           string   `json:"vpcId"`
	KeyID           string   `json:"keyId"`
	TopicArn        string   `json:"topicArn"`
	QueueURL        string   `json:"queueUrl"`
	TableName       string   `json:"tableName"`
	StreamName      string   `json:"streamName"`
	DBInstance      string   `json:"dBInstanceIdentifier"`
	DBCluster       string   `json:"dBClusterIdentifier"`
	DBSnapshot      string   `json:"dBSnapshotIdentifier"`
	StackName       string   `json:"stackName"`
	RepositoryName  string   `json:"repositoryName"`
	LogGroupName    string   `json:"logGroupName"`
	TrailName       string   `json:"trailName"`
	Names           []string `json:"names"`
	Cluster         string   `json:"cluster"`
	Service         string   `json:"service"`
	ApplicationName string   `json:"applicationName"`
	StateMachineArn string   `json:"stateMachineArn"`
	Guardrail       string   `json:"guardrailIdentifier"`
	AgentID         string   `json:"agentId"`
	ResourceArn     string   `json:"resourceArn"`
}

func (r *cloudtrailRequest) decrypts() bool {
	return strings.EqualFold(strings.Trim(string(r.WithDecryption), `"`), "true")
}

// A cloudtrailParam makes a resource of a request parameter, where the event has
// no resources of its own. In id, {p} {r} {a} and {v} stand for partition,
// region, account and the value; a value that is an ARN is taken as it is.
type cloudtrailParam struct {
	service string // empty for every service
	kind    string
	id      string
	value   func(*cloudtrailRequest) string
}

var cloudtrailParams = [...]cloudtrailParam{
	{"iam", "aws.iam.user", "arn:{p}:iam::{a}:user/{v}", func(r *cloudtrailRequest) string { return r.UserName }},
	{"iam", "aws.iam.role", "arn:{p}:iam::{a}:role/{v}", func(r *cloudtrailRequest) string { return r.RoleName }},
	{"iam", "aws.iam.group", "arn:{p}:iam::{a}:group/{v}", func(r *cloudtrailRequest) string { return r.GroupName }},
	{"iam", "aws.iam.policy", "{v}", func(r *cloudtrailRequest) string { return r.PolicyArn }},
	{"iam", "aws.iam.accesskey", "{v}", func(r *cloudtrailRequest) string { return r.AccessKeyID }},
	{"sts", "aws.iam.role", "{v}", func(r *cloudtrailRequest) string { return r.RoleArn }},
	{"secretsmanager", "aws.secretsmanager.secret", "arn:{p}:secretsmanager:{r}:{a}:secret:{v}", func(r *cloudtrailRequest) string { return r.SecretID }},
	{"bedrock", "aws.bedrock.model", "{v}", func(r *cloudtrailRequest) string { return r.ModelID }},
	{"bedrock-runtime", "aws.bedrock.model", "{v}", func(r *cloudtrailRequest) string { return r.ModelID }},
	{"bedrock", "aws.bedrock.guardrail", "{v}", func(r *cloudtrailRequest) string { return r.Guardrail }},
	{"bedrock", "aws.bedrock.agent", "{v}", func(r *cloudtrailRequest) string { return r.AgentID }},
	{"lambda", "aws.lambda.function", "arn:{p}:lambda:{r}:{a}:function:{v}", func(r *cloudtrailRequest) string { return r.FunctionName }},
	{"", "aws.ec2.instance", "arn:{p}:ec2:{r}:{a}:instance/{v}", cloudtrailInstanceParam},
	{"ec2", "aws.ec2.securitygroup", "arn:{p}:ec2:{r}:{a}:security-group/{v}", func(r *cloudtrailRequest) string { return r.GroupID }},
	{"ec2", "aws.ec2.image", "arn:{p}:ec2:{r}::image/{v}", func(r *cloudtrailRequest) string { return r.ImageID }},
	{"ec2", "aws.ec2.snapshot", "arn:{p}:ec2:{r}::snapshot/{v}", func(r *cloudtrailRequest) string { return r.SnapshotID }},
	{"ec2", "aws.ec2.volume", "arn:{p}:ec2:{r}:{a}:volume/{v}", func(r *cloudtrailRequest) string { return r.VolumeID }},
	{"ec2", "aws.ec2.vpc", "arn:{p}:ec2:{r}:{a}:vpc/{v}", func(r *cloudtrailRequest) string { return r.VpcID }},
	{"kms", "aws.kms.key", "arn:{p}:kms:{r}:{a}:key/{v}", func(r *cloudtrailRequest) string { return r.KeyID }},
	{"sns", "aws.sns.topic", "{v}", func(r *cloudtrailRequest) string { return r.TopicArn }},
	{"sqs", "aws.sqs.queue", "{v}", func(r *cloudtrailRequest) string { return r.QueueURL }},
	{"dynamodb", "aws.dynamodb.table", "arn:{p}:dynamodb:{r}:{a}:table/{v}", func(r *cloudtrailRequest) string { return r.TableName }},
	{"kinesis", "aws.kinesis.stream", "arn:{p}:kinesis:{r}:{a}:stream/{v}", func(r *cloudtrailRequest) string { return r.StreamName }},
	{"rds", "aws.rds.dbinstance", "arn:{p}:rds:{r}:{a}:db:{v}", func(r *cloudtrailRequest) string { return r.DBInstance }},
	{"rds", "aws.rds.dbcluster", "arn:{p}:rds:{r}:{a}:cluster:{v}", func(r *cloudtrailRequest) string { return r.DBCluster }},
	{"rds", "aws.rds.dbsnapshot", "arn:{p}:rds:{r}:{a}:snapshot:{v}", func(r *cloudtrailRequest) string { return r.DBSnapshot }},
	{"cloudformation", "aws.cloudformation.stack", "arn:{p}:cloudformation:{r}:{a}:stack/{v}", func(r *cloudtrailRequest) string { return r.StackName }},
	{"ecr", "aws.ecr.repository", "arn:{p}:ecr:{r}:{a}:repository/{v}", func(r *cloudtrailRequest) string { return r.RepositoryName }},
	{"logs", "aws.logs.loggroup", "arn:{p}:logs:{r}:{a}:log-group:{v}", func(r *cloudtrailRequest) string { return r.LogGroupName }},
	{"cloudtrail", "aws.cloudtrail.trail", "arn:{p}:cloudtrail:{r}:{a}:trail/{v}", func(r *cloudtrailRequest) string { return r.Name }},
	{"cloudtrail", "aws.cloudtrail.trail", "arn:{p}:cloudtrail:{r}:{a}:trail/{v}", func(r *cloudtrailRequest) string { return r.TrailName }},
	{"ssm", "aws.ssm.parameter", "arn:{p}:ssm:{r}:{a}:parameter/{v}", func(r *cloudtrailRequest) string { return strings.TrimPrefix(r.Name, "/") }},
	{"ecs", "aws.ecs.service", "{v}", func(r *cloudtrailRequest) string { return r.Service }},
	{"ecs", "aws.ecs.cluster", "arn:{p}:ecs:{r}:{a}:cluster/{v}", func(r *cloudtrailRequest) string { return r.Cluster }},
	{"codedeploy", "aws.codedeploy.application", "arn:{p}:codedeploy:{r}:{a}:application:{v}", func(r *cloudtrailRequest) string { return r.ApplicationName }},
	{"states", "aws.stepfunctions.statemachine", "{v}", func(r *cloudtrailRequest) string { return r.StateMachineArn }},
	{"", "", "{v}", func(r *cloudtrailRequest) string { return r.ResourceArn }},
}

// cloudtrailInstanceParam is an EC2 instance; other services have instances of
// other kinds.
func cloudtrailInstanceParam(r *cloudtrailRequest) string {
	if strings.HasPrefix(r.InstanceID, "i-") {
		return r.InstanceID
	}
	return ""
}

// cloudtrailTags reads session tags in both of their shapes: [{"key":k,"value":v}]
// and {k:v}.
func cloudtrailTags(raws ...json.RawMessage) map[string]string {
	tags := map[string]string{}
	for _, raw := range raws {
		var list []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		}
		if len(raw) > 2 && raw[0] == '[' && cloudtrailUnmarshal(raw, &list) == nil {
			for _, t := range list {
				tags[t.Key] = t.Value
			}
		}
		if len(raw) > 2 && raw[0] == '{' {
			_ = sonic.ConfigFastest.Unmarshal(raw, &tags)
		}
	}
	return tags
}
