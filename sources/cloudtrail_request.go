package sources

import (
	"bytes"
	"strings"
)

func (r *cloudtrailRequest) decrypts() bool {
	said := bytes.Trim(r.WithDecryption, `"`)
	return bytes.EqualFold(said, []byte("true"))
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

// Forms of ids that several parameters have.
const (
	cloudtrailInstanceID  = "arn:{p}:ec2:{r}:{a}:instance/{v}"
	cloudtrailParameterID = "arn:{p}:ssm:{r}:{a}:parameter/{v}"
	cloudtrailSecretID    = "arn:{p}:secretsmanager:{r}:{a}:secret:{v}"
)

var cloudtrailParams = [...]cloudtrailParam{
	{"iam", "aws.iam.user", "arn:{p}:iam::{a}:user/{v}", func(r *cloudtrailRequest) string { return r.UserName }},
	{"iam", "aws.iam.role", "arn:{p}:iam::{a}:role/{v}", func(r *cloudtrailRequest) string { return r.RoleName }},
	{"iam", "aws.iam.group", "arn:{p}:iam::{a}:group/{v}", func(r *cloudtrailRequest) string { return r.GroupName }},
	{"iam", "aws.iam.policy", "{v}", func(r *cloudtrailRequest) string { return r.PolicyArn }},
	{"iam", "aws.iam.accesskey", "{v}", func(r *cloudtrailRequest) string { return r.AccessKeyID }},
	{"sts", "aws.iam.role", "{v}", func(r *cloudtrailRequest) string { return r.RoleArn }},
	{"secretsmanager", "aws.secretsmanager.secret", cloudtrailSecretID, func(r *cloudtrailRequest) string { return r.SecretID }},
	{"secretsmanager", "aws.secretsmanager.secret", cloudtrailSecretID, func(r *cloudtrailRequest) string { return r.Name }}, // one that is made
	{"bedrock", "aws.bedrock.model", "{v}", func(r *cloudtrailRequest) string { return r.ModelID }},
	{"bedrock-runtime", "aws.bedrock.model", "{v}", func(r *cloudtrailRequest) string { return r.ModelID }},
	{"bedrock", "aws.bedrock.guardrail", "{v}", func(r *cloudtrailRequest) string { return r.Guardrail }},
	{"bedrock", "aws.bedrock.agent", "{v}", func(r *cloudtrailRequest) string { return r.AgentID }},
	{"lambda", "aws.lambda.function", "arn:{p}:lambda:{r}:{a}:function:{v}", func(r *cloudtrailRequest) string { return r.FunctionName }},
	{"", "aws.ec2.instance", cloudtrailInstanceID, cloudtrailInstanceParam},
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
	{"ssm", "aws.ssm.parameter", cloudtrailParameterID, func(r *cloudtrailRequest) string { return strings.TrimPrefix(r.Name, "/") }},
	{"ecs", "aws.ecs.service", "{v}", func(r *cloudtrailRequest) string { return r.Service }},
	{"ecs", "aws.ecs.cluster", "arn:{p}:ecs:{r}:{a}:cluster/{v}", func(r *cloudtrailRequest) string { return r.Cluster }},
	{"codedeploy", "aws.codedeploy.application", "arn:{p}:codedeploy:{r}:{a}:application:{v}", func(r *cloudtrailRequest) string { return r.ApplicationName }},
	{"states", "aws.stepfunctions.statemachine", "{v}", func(r *cloudtrailRequest) string { return r.StateMachineArn }},
	{"", "", "{v}", func(r *cloudtrailRequest) string { return r.ResourceArn }},
}

// cloudtrailParamsOf are the parameters that name resources in calls of one service.
func cloudtrailParamsOf(service string) (params []*cloudtrailParam) {
	for i := range cloudtrailParams {
		if p := &cloudtrailParams[i]; p.service == "" || p.service == service {
			params = append(params, p)
		}
	}
	return params
}

// cloudtrailInstanceParam is an EC2 instance; other services have instances of
// other kinds.
func cloudtrailInstanceParam(r *cloudtrailRequest) string {
	if strings.HasPrefix(r.InstanceID, "i-") {
		return r.InstanceID
	}
	return ""
}
