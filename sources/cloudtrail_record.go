package sources

import "whence/sources/scan"

// cloudtrailRecord is one event, or an envelope of events: only what is wanted.
// Lists come last in these structs, and meet, so that all else lies side by side:
// it is emptied for every line.
type cloudtrailRecord struct {
	Order            scan.Order
	EventTime        string             `json:"eventTime"`
	Timestamp        string             `json:"@timestamp"` // in place of eventTime in flattened forms
	EventID          string             `json:"eventID"`
	RequestID        string             `json:"requestID"`
	SharedEventID    string             `json:"sharedEventID"`
	EventSource      string             `json:"eventSource"`
	EventName        string             `json:"eventName"`
	EventType        string             `json:"eventType"`
	Region           string             `json:"awsRegion"`
	SourceIP         string             `json:"sourceIPAddress"`
	UserAgent        string             `json:"userAgent"`
	ErrorCode        string             `json:"errorCode"`
	ErrorMessage     string             `json:"errorMessage"`
	RecipientAccount string             `json:"recipientAccountId"`
	ReadOnly         scan.Raw           `json:"readOnly"` // true, or "true"
	Identity         cloudtrailIdentity `json:"userIdentity"`
	Insight          struct {
		Type string `json:"insightType"`
	} `json:"insightDetails"`
	cloudtrailEnvelope
	Response  cloudtrailResponse   `json:"responseElements"`
	Request   cloudtrailRequest    `json:"requestParameters"`
	Resources []cloudtrailResource `json:"resources"`
	cloudtrailEnvelopes
}

// cloudtrailEnvelope are the members of envelopes around one event.
type cloudtrailEnvelope struct {
	Detail          scan.Raw `json:"detail"`
	Message         scan.Raw `json:"message"`
	Log             scan.Raw `json:"log"`
	CloudTrailEvent scan.Raw `json:"CloudTrailEvent"`
}

// cloudtrailEnvelopes are the members of envelopes around many.
type cloudtrailEnvelopes struct {
	Records   []scan.Raw `json:"Records"`
	LogEvents []struct {
		Message scan.Raw `json:"message"`
	} `json:"logEvents"`
	Events []scan.Raw `json:"Events"`
}

// cloudtrailResource is a resource as the event lists it.
type cloudtrailResource struct {
	ARN      string `json:"ARN"`
	LowerARN string `json:"arn"` // in some services
	Prefix   string `json:"ARNPrefix"`
	Type     string `json:"type"`
}

// cloudtrailIdentity is userIdentity.
type cloudtrailIdentity struct {
	Type             string `json:"type"`
	PrincipalID      string `json:"principalId"`
	ARN              string `json:"arn"`
	AccountID        string `json:"accountId"`
	AccessKeyID      string `json:"accessKeyId"`
	UserName         string `json:"userName"`
	InvokedBy        string `json:"invokedBy"`
	IdentityProvider string `json:"identityProvider"`
	Session          struct {
		SourceIdentity  string `json:"sourceIdentity"`
		EC2RoleDelivery string `json:"ec2RoleDelivery"` // set by EC2, so that nobody else can claim to be an instance
		Attributes      struct {
			CreationDate string `json:"creationDate"`
		} `json:"attributes"`
		Issuer struct {
			ARN      string `json:"arn"`
			UserName string `json:"userName"`
		} `json:"sessionIssuer"`
		Web struct {
			Provider   string   `json:"federatedProvider"`
			Attributes scan.Raw `json:"attributes"`
		} `json:"webIdFederationData"`
	} `json:"sessionContext"`
	OnBehalfOf struct {
		UserID string `json:"userId"`
	} `json:"onBehalfOf"`
	InScopeOf struct {
		IssuedTo string `json:"credentialsIssuedTo"`
	} `json:"inScopeOf"`
}

// cloudtrailRequest is what is read of requestParameters: names only.
type cloudtrailRequest struct {
	// Credentials.
	RoleArn         string   `json:"roleArn"`
	RoleSessionName string   `json:"roleSessionName"`
	SourceIdentity  string   `json:"sourceIdentity"`
	TargetPrincipal string   `json:"targetPrincipal"`
	Name            string   `json:"name"`
	UserName        string   `json:"userName"`
	AccessKeyID     string   `json:"accessKeyId"`
	Status          string   `json:"status"`
	Duration        scan.Raw `json:"durationSeconds"` // a number, or one in a string
	Tags            scan.Raw `json:"tags"`
	PrincipalTags   scan.Raw `json:"principalTags"`
	WithDecryption  scan.Raw `json:"withDecryption"`

	// Resources.
	BucketName      string              `json:"bucketName"`
	Key             string              `json:"key"`
	SecretID        string              `json:"secretId"`
	ModelID         string              `json:"modelId"`
	RoleName        string              `json:"roleName"`
	GroupName       string              `json:"groupName"`
	PolicyArn       string              `json:"policyArn"`
	FunctionName    string              `json:"functionName"`
	InstanceID      string              `json:"instanceId"`
	GroupID         string              `json:"groupId"`
	ImageID         string              `json:"imageId"`
	SnapshotID      string              `json:"snapshotId"`
	VolumeID        string              `json:"volumeId"`
	VpcID           string              `json:"vpcId"`
	KeyID           string              `json:"keyId"`
	TopicArn        string              `json:"topicArn"`
	QueueURL        string              `json:"queueUrl"`
	TableName       string              `json:"tableName"`
	StreamName      string              `json:"streamName"`
	DBInstance      string              `json:"dBInstanceIdentifier"`
	DBCluster       string              `json:"dBClusterIdentifier"`
	DBSnapshot      string              `json:"dBSnapshotIdentifier"`
	StackName       string              `json:"stackName"`
	RepositoryName  string              `json:"repositoryName"`
	LogGroupName    string              `json:"logGroupName"`
	TrailName       string              `json:"trailName"`
	Cluster         string              `json:"cluster"`
	Service         string              `json:"service"`
	ApplicationName string              `json:"applicationName"`
	StateMachineArn string              `json:"stateMachineArn"`
	Guardrail       string              `json:"guardrailIdentifier"`
	AgentID         string              `json:"agentId"`
	ResourceArn     string              `json:"resourceArn"`
	Names           []string            `json:"names"`
	SecretIDs       []string            `json:"secretIdList"`
	InstanceIDs     []string            `json:"instanceIds"`
	Instances       cloudtrailInstances `json:"instancesSet"`
}

// cloudtrailInstances are those of EC2 that a call is about, or that it started.
type cloudtrailInstances struct {
	Items []struct {
		InstanceID string `json:"instanceId"`
	} `json:"items"`
}

// cloudtrailResponse is what is read of responseElements: what calls answer that
// hand out credentials.
type cloudtrailResponse struct {
	Credentials     cloudtrailCredentials `json:"credentials"`
	RoleCredentials cloudtrailCredentials `json:"roleCredentials"` // of the Identity Center portal
	AssumedRole     cloudtrailAssumed     `json:"assumedRoleUser"`
	FederatedUser   struct {
		ARN string `json:"arn"`
	} `json:"federatedUser"`
	SubjectArn  string `json:"subjectArn"`
	Subject     string `json:"subject"`
	SubjectType string `json:"subjectType"`
	Issuer      string `json:"issuer"`
	WebSubject  string `json:"subjectFromWebIdentityToken"`
	Provider    string `json:"provider"`
	AccessKey   struct {
		AccessKeyID string `json:"accessKeyId"`
		UserName    string `json:"userName"`
	} `json:"accessKey"`
	CredentialSet []struct { // of Roles Anywhere
		Credentials cloudtrailCredentials `json:"credentials"`
		AssumedRole cloudtrailAssumed     `json:"assumedRoleUser"`
		RoleArn     string                `json:"roleArn"`
	} `json:"credentialSet"`
	Instances cloudtrailInstances `json:"instancesSet"`
}

// cloudtrailCredentials is a credential as STS answers it. Its secret key and
// session token are not declared, so they are never read.
type cloudtrailCredentials struct {
	AccessKeyID string   `json:"accessKeyId"`
	Expiration  scan.Raw `json:"expiration"` // text, or milliseconds
}

// cloudtrailAssumed is the role session that a credential is of.
type cloudtrailAssumed struct {
	ARN           string `json:"arn"`
	AssumedRoleID string `json:"assumedRoleId"`
}

// cloudtrailSaid is where sign-in events say how they ended.
type cloudtrailSaid struct {
	Response scan.Raw `json:"responseElements"`
	Details  scan.Raw `json:"serviceEventDetails"`
}

// cloudtrailTag is a session tag in one of its two shapes; the other is {k: v}.
type cloudtrailTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

var (
	cloudtrailRecords  = scan.Of[cloudtrailRecord]()
	cloudtrailSaids    = scan.Of[cloudtrailSaid]()
	cloudtrailTagTable = scan.Of[cloudtrailTag]()
)
