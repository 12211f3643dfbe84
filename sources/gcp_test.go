package sources

import (
	"testing"

	"whence/correlate"
)

// gcpNoStatus is why no status is a success.
const gcpNoStatus = "the last entry of an operation, without a status: by AuditLog's definition that went well; Elastic wants an authorizationInfo to say so"

func TestECSGoogle(t *testing.T) {
	for _, tt := range []struct {
		source, dir string
		opts        ecsOptions
	}{
		{gcpName, "iam/gcp_audit", ecsOptions{
			differs: map[string]string{
				"elastic-test-audit.part1.log 4 outcome":  gcpNoStatus,
				"elastic-test-audit.part1.log 10 outcome": gcpNoStatus,
			},
			least: 95, // all but 2 of 63
		}},
		{workspaceName, "iam/google_workspace", ecsOptions{differs: map[string]string{
			"elastic-test-login.part1.log 6 outcome": "the status is \"Challenge Passed.\", with a stop, which Elastic does not expect",
		}}},
	} {
		t.Run(tt.dir, func(t *testing.T) { checkECS(t, tt.source, tt.dir, tt.opts) })
	}
}

// TestGoogleSamples decodes every real line there is, by the source that recognises
// it. None is rejected.
func TestGoogleSamples(t *testing.T) {
	decodeSamples(t, map[string]int{"iam/gcp_audit": 83, "model-api/gcp_vertexai": 1, "iam/google_workspace": 253}, map[string]string{
		"plaso-gcp_logging.jsonl 13922": "an application's own log line (jsonPayload)",
		"plaso-gcp_logging.jsonl 14400": "an application's own log line (textPayload)",
	})
}

func TestGoogleAllocatesNothing(t *testing.T) {
	for _, source := range []string{gcpName, workspaceName} {
		t.Run(source, func(t *testing.T) { allocatesNothing(t, source, plainLines(t, source)) })
	}
}

func TestGCPClass(t *testing.T) {
	for method, want := range map[string]correlate.Class{
		"storage.objects.get":                   correlate.Read,
		"storage.setIamPermissions":             correlate.Admin,
		"beta.compute.instances.aggregatedList": correlate.Read,
		"v1.compute.firewalls.insert":           correlate.Admin,
		"v1.compute.instances.delete":           correlate.Write,
		"google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion": correlate.Secret,
		"google.cloud.secretmanager.v1.SecretManagerService.ListSecrets":         correlate.Read,
		"google.iam.admin.v1.CreateServiceAccountKey":                            correlate.Admin,
		"GenerateAccessToken":             correlate.Auth,
		"SignBlob":                        correlate.Secret,
		"Decrypt":                         correlate.Secret,
		"Encrypt":                         correlate.Read,
		"io.k8s.core.v1.pods.exec.create": correlate.Write,
		"io.k8s.core.v1.secrets.list":     correlate.Secret,
		"io.k8s.authorization.rbac.v1.clusterroles.create":     correlate.Admin,
		"google.cloud.run.v1.Services.CreateService":           correlate.Deploy,
		"v2.deploymentmanager.deployments.insert":              correlate.Deploy,
		"google.cloud.aiplatform.v1.PredictionService.Predict": correlate.Model,
		"google.cloud.aiplatform.v1.ModelService.UploadModel":  correlate.Write,
	} {
		if got := gcpCallOf(method); got.class != want || got.action != method {
			t.Errorf("%s: got %+v, want %s", method, got, want)
		}
	}
}

func TestGCPAgent(t *testing.T) {
	for email, want := range map[string]bool{
		"service-123456789012@compute-system.iam.gserviceaccount.com":         true,
		"service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com":          true,
		"service-123456789012@container-engine-robot.iam.gserviceaccount.com": true,
		"service-desk@shop-prod.iam.gserviceaccount.com":                      false,
		"ci-deploy@shop-prod.iam.gserviceaccount.com":                         false,
		"alice@example.com": false,
	} {
		if got := gcpAgent(email); got != want {
			t.Errorf("%s: got %v, want %v", email, got, want)
		}
	}
}

func BenchmarkDecodeGCP(b *testing.B) { benchDecode(b, gcpName, plainLines(b, gcpName)) }

func BenchmarkDecodeWorkspace(b *testing.B) {
	benchDecode(b, workspaceName, plainLines(b, workspaceName))
}
