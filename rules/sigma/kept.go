package sigma

import (
	"maps"
	"slices"
	"strings"
)

// Kept says by which names whence's rules see fields of a source's lines, for those that
// an event keeps; the fields are in lower case. TestKeptFields in cmd/whence compares
// them with what the decoders make of their lines.
//
// executor.id is who acted, as whence sees it: of lines that name a shared user and the
// key or role behind it, that is the one behind. The action of CloudTrail is the event's
// name after that of its service.
func Kept(source string) map[string]string {
	switch source {
	case "aws.cloudtrail":
		return map[string]string{
			"useridentity.arn": "executor.id", "useridentity.accesskeyid": "executor.key.value", "eventname": "action",
			"sourceipaddress": "context.ip", "useragent": "context.agent", "awsregion": "context.region",
			"recipientaccountid": "context.account", "errorcode": "error",
		}
	case "okta.system_log":
		return map[string]string{
			"actor.alternateid": "executor.id", "actor.displayname": "executor.name", "eventtype": "action",
			"client.ipaddress": "context.ip", "client.useragent.rawuseragent": "context.agent",
			"authenticationcontext.externalsessionid": "context.session",
		}
	case "github.audit":
		return map[string]string{"actor": "executor.id", "action": "action", "org": "context.account", "user_agent": "context.agent"}
	case "kubernetes.audit":
		return map[string]string{
			"user.username": "executor.id", "sourceips": "context.ip", "useragent": "context.agent",
			"responsestatus.reason": "error",
		}
	case "bitbucket.audit":
		return map[string]string{"author.name": "executor.id"}
	case "m365.audit":
		return map[string]string{
			"userid": "executor.id", "operation": "action", "clientip": "context.ip", "actoripaddress": "context.ip",
			"organizationid": "context.account", "applicationid": "context.app", "sessionid": "context.session", "useragent": "context.agent",
		}
	case "gcp.audit":
		return map[string]string{
			"protopayload.authenticationinfo.principalemail": "executor.id",
			"protopayload.methodname":                        "action", "gcp.audit.method_name": "action", "data.protopayload.methodname": "action",
			"protopayload.requestmetadata.callerip":                "context.ip",
			"protopayload.requestmetadata.callersupplieduseragent": "context.agent",
			"resource.labels.project_id":                           "context.account",
		}
	case "google_workspace":
		return map[string]string{"actor.email": "executor.id", "eventname": "action", "ipaddress": "context.ip", "id.customerid": "context.account"}
	case "entra.audit":
		return map[string]string{
			"initiatedby.user.userprincipalname": "executor.id", "properties.initiatedby.user.userprincipalname": "executor.id",
			"operationname": "action", "calleripaddress": "context.ip", "tenantid": "context.account",
		}
	case "entra.signin":
		return map[string]string{
			"userprincipalname": "executor.id", "ipaddress": "context.ip", "calleripaddress": "context.ip",
			"appdisplayname": "context.app", "useragent": "context.agent", "tenantid": "context.account",
		}
	case "azure.activity":
		return map[string]string{
			"operationname": "action", "operationnamevalue": "action", "calleripaddress": "context.ip", "location": "context.region",
		}
	}
	return nil
}

func namesOf(kept map[string]string) string {
	if len(kept) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(kept)), ", ")
}
