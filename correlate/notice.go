package correlate

import "strconv"

// A NoticeKind says why somebody is told of an alert.
type NoticeKind string

// The kinds of notices.
const (
	NoticeOpened   NoticeKind = "opened"
	NoticeChanged  NoticeKind = "changed"
	NoticeResolved NoticeKind = "resolved"
)

// A Notice is what a receiver is told of an alert. The same may be told twice, after a
// crash: its Key is the same then.
type Notice struct {
	Kind  NoticeKind `json:"kind"`
	Alert Alert      `json:"alert"`
	// Quiet is how many open alerts of its group nobody is told of, as this one
	// stands for them.
	Quiet int `json:"quiet,omitempty"`
}

// Key names what is told: the alert, its state, and the version that was judged.
func (n *Notice) Key() string {
	return n.Alert.ID.String() + "-" + string(n.Alert.State) + "-" + strconv.FormatUint(n.Alert.Version, 10)
}
