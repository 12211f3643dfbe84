package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// ErrMissing says that Kafka cannot run on this machine, and what it lacks: Java,
// or the jars and what fetches them. Tests skip on it.
var ErrMissing = errors.New("this machine lacks what runs Kafka")

// oldestJava is the oldest Java that runs Kafka's brokers.
const oldestJava = 17

// findJava returns the java on PATH.
func findJava(ctx context.Context) (string, error) {
	lacks := fmt.Errorf("%w: java %d or newer is not on PATH", ErrMissing, oldestJava)
	path, err := exec.LookPath("java")
	if err != nil {
		return "", lacks
	}
	cmd := exec.CommandContext(ctx, path, "-version")
	cmd.Env = environment()
	cmd.WaitDelay = exitDelay
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%w (%s -version: %w)", lacks, path, err)
	}
	if release := javaRelease(said); release < oldestJava {
		return "", fmt.Errorf("%w (%s is release %d)", lacks, path, release)
	}
	return path, nil
}

var versionPattern = regexp.MustCompile(`version "(\d+)`)

// javaRelease finds the release in what java -version says, or 0. Java 8 and its
// elders say that they are 1.
func javaRelease(said []byte) int {
	found := versionPattern.FindSubmatch(said)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		return 0
	}
	return n
}

// environment is what Java gets of ours: not all, because ours may hold secrets or
// options for another Java program.
func environment() []string {
	env := []string{"TZ=UTC", "LC_ALL=C"}
	for _, name := range []string{"PATH", "HOME", "JAVA_HOME"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
