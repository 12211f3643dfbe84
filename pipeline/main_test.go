package pipeline

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a goroutine is left over. The bubbles of testing/synctest
// see to their own; this sees to the rest.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
