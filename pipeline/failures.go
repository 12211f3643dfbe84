package pipeline

import (
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// failures tell the log of fetches that fail: the client tries again by itself, in
// seconds, for as long as it takes. They belong to the goroutine that polls.
type failures struct {
	log  *slog.Logger
	what string
	said map[tp]time.Time
}

// sayAgain is how long a failure that goes on is not told of again.
const sayAgain = 10 * time.Minute

func newFailures(log *slog.Logger, what string) *failures {
	return &failures{log: log, what: what, said: map[tp]time.Time{}}
}

// note takes note of one failure. A session with the group that fails has no topic.
func (f *failures) note(topic string, partition int32, err error) {
	at := tp{topic, partition}
	if last, ok := f.said[at]; ok && time.Since(last) < sayAgain {
		return
	}
	f.said[at] = time.Now()
	f.log.Warn(f.what, "topic", topic, "partition", partition, "err", err)
}

// over takes note that records have come.
func (f *failures) over(ft kgo.FetchTopicPartition) {
	if len(f.said) > 0 && len(ft.Records) > 0 {
		delete(f.said, tp{ft.Topic, ft.Partition})
		delete(f.said, tp{})
	}
}
