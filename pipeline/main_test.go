package pipeline

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a goroutine is left over. The bubbles of testing/synctest
// see to their own; this sees to the rest.
func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is all tests, and the Kafka they share.
type suite struct{ *testing.M }

func (s suite) Run() int {
	code := s.M.Run()
	if err := apache.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
