package sinks

import "whence/correlate"

var (
	crudCreate = ocsfActivity{1, "Create"}
	crudRead   = ocsfActivity{2, "Read"}
	crudUpdate = ocsfActivity{3, "Update"}
	crudDelete = ocsfActivity{4, "Delete"}
)

// crud says what an action does: by the first of its words that is a verb, as logs name
// actions in words of their own. What reads is known by its class; calls of models and
// tools are none of the four.
func crud(c *correlate.Chain) ocsfActivity {
	switch c.Class {
	case correlate.Read:
		return crudRead
	case correlate.Model, correlate.Tool:
		return ocsfActivity{ocsfOther, c.Action}
	}
	words := wordScan{s: c.Action}
	for w := words.next(); len(w) > 0; w = words.next() {
		if a, ok := crudWord(w); ok {
			return a
		}
	}
	if c.Class == correlate.Secret {
		return crudRead
	}
	return ocsfActivity{ocsfOther, c.Action}
}

// A wordScan takes the words of an action apart. Words end where there is no letter, and
// before a capital after a small letter.
type wordScan struct {
	s    string
	i    int
	room [24]byte
}

// next returns the next word in lower case, of a long one its end; none at the end. It
// is good until next is called again.
func (w *wordScan) next() []byte {
	word := w.room[:0]
	for ; w.i < len(w.s); w.i++ {
		c := w.s[w.i]
		upper := c >= 'A' && c <= 'Z'
		letter := upper || c >= 'a' && c <= 'z'
		if len(word) > 0 && (!letter || upper && w.s[w.i-1] >= 'a' && w.s[w.i-1] <= 'z') {
			return word
		}
		if !letter {
			continue
		}
		if len(word) == len(w.room) {
			copy(word, word[1:])
			word = word[:len(word)-1]
		}
		word = append(word, c|0x20)
	}
	return word
}

func crudWord(w []byte) (ocsfActivity, bool) {
	switch string(w) {
	case "create", "created", "creates", "creation", "add", "added", "insert", "inserted", "new", "upload", "uploaded", "register", "registered", "import",
		"imported", "generate", "generated", "issue", "issued", "invite", "invited", "run", "copy", "clone", "fork", "requested", "queued", "apply",
		"post", "send", "sent", "install", "installed", "allocate", "dispatch", "enroll":
		return crudCreate, true
	case "delete", "deleted", "deletes", "deletion", "remove", "removed", "destroy", "destroyed", "terminate", "terminated", "drop", "dropped", "purge",
		"purged", "revoke", "revoked", "leave", "unenroll", "uninstall", "deregister", "evict", "eviction", "trash":
		return crudDelete, true
	case "get", "list", "lists", "describe", "read", "view", "viewed", "head", "watch", "search", "query", "download", "downloaded", "lookup", "fetch",
		"open", "opened", "export", "reveal", "use", "listkeys", "accessed", "preview":
		return crudRead, true
	case "update", "updated", "updates", "put", "write", "set", "modify", "modified", "patch", "patched", "edit", "edited", "change", "changed", "changes",
		"attach", "detach", "associate", "disassociate", "enable", "enabled", "disable", "disabled", "rename", "renamed", "move", "moved", "reset", "rotate",
		"rotated", "restore", "restored", "assign", "assigned", "unassign", "grant", "granted", "start", "started", "stop", "stopped", "suspend", "suspended",
		"activate", "activated", "deactivate", "deactivated", "transfer", "publish", "published", "push", "merge", "merged", "approve", "approved", "deny",
		"reject", "rejected", "authorize", "lock", "unlock", "replace", "tag", "untag", "share", "shared", "completed", "cancel", "cancelled", "deploy",
		"deployed", "upgrade", "privatized", "elevate", "promote", "toggled", "connected":
		return crudUpdate, true
	}
	if len(w) < 10 {
		return ocsfActivity{}, false
	}
	for _, e := range wordEnds {
		if len(w) > len(e.end) && string(w[len(w)-len(e.end):]) == e.end {
			return e.activity, true
		}
	}
	return ocsfActivity{}, false
}

// wordEnds are of words that run together: groupmembershipdeleted.
var wordEnds = []struct {
	end      string
	activity ocsfActivity
}{
	{"created", crudCreate}, {"deleted", crudDelete}, {"removed", crudDelete}, {"updated", crudUpdate}, {"added", crudCreate},
	{"changed", crudUpdate}, {"enabled", crudUpdate}, {"disabled", crudUpdate}, {"accessed", crudRead}, {"viewed", crudRead},
}
