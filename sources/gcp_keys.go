package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// gcpKey is the key of a service account's key, of a name in any of the ways that
// logs write one: [//iam.googleapis.com/]projects/<project>/serviceAccounts/<e-mail>/keys/<id>,
// where the project may be a dash.
func gcpKey(name string, out *Batch) correlate.Key {
	_, rest, ok := strings.Cut(name, "serviceAccounts/")
	if !ok {
		return correlate.Key{}
	}
	account, id, ok := strings.Cut(rest, "/keys/")
	if !ok || account == "" || id == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: GCPServiceAccountKey, Value: out.text.Join(out.fold(account), "/", id)}
}

// mints are the keys that are made and deleted here. Who makes a key is not who it
// stands for.
func (w *gcpWho) mints() {
	if w.e.Outcome != correlate.Success {
		return
	}
	method := w.p.Method[strings.LastIndexByte(w.p.Method, '.')+1:]
	switch method {
	case "CreateServiceAccountKey", "UploadServiceAccountKey":
		k := gcpKey(w.p.Response.Name, w.out)
		if k.IsZero() {
			return
		}
		account, _, _ := strings.Cut(k.Value, "/")
		w.out.tell(w.e, &correlate.Fact{
			Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "gcp.create_service_account_key", Standing: true,
			Principal: correlate.Principal{Type: correlate.ServiceAccount, ID: account, Issuer: gcpIssuer},
			Parents:   w.creator(),
		})
	case "DeleteServiceAccountKey":
		w.out.tell(w.e, &correlate.Fact{
			Kind: correlate.Ending, Key: gcpKey(cmp.Or(w.p.Request.Name, w.p.Resource), w.out), Proof: correlate.Issued,
			Method: "gcp.delete_service_account_key", Reason: "deleted",
		})
	}
}

func (w *gcpWho) creator() []correlate.Link {
	if w.e.Actor.Type == correlate.Unknown {
		return nil
	}
	return w.out.links.Append(nil, correlate.Link{
		Role: correlate.Creator, Principal: w.e.Actor, Proof: correlate.Issued, Method: "gcp.principal",
	})
}
