package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"whence/sources"
)

// lines are three lines of logs in which alice assumes a role and uses it.
var lines = []string{
	`{"eventVersion":"1.09","eventID":"11111111-1111-4111-8111-111111111112","eventTime":"2026-03-04T12:05:00Z","eventSource":"s3.amazonaws.com","eventName":"DeleteObject","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.10","recipientAccountId":"123456789012","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:alice","arn":"arn:aws:sts::123456789012:assumed-role/deploy/alice","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE000000001"},"requestParameters":{"bucketName":"ledger","key":"a b.csv"}}`,
	`{"eventVersion":"1.09","eventID":"11111111-1111-4111-8111-111111111111","eventTime":"2026-03-04T12:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.10","recipientAccountId":"123456789012","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE0000000001","arn":"arn:aws:iam::123456789012:user/alice","accountId":"123456789012","accessKeyId":"AKIAEXAMPLE000000001","userName":"alice"},"requestParameters":{"roleArn":"arn:aws:iam::123456789012:role/deploy","roleSessionName":"alice"},"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE000000001","expiration":"Mar 4, 2026, 1:00:00 PM"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLE0000000001:alice","arn":"arn:aws:sts::123456789012:assumed-role/deploy/alice"}}}`,
	`{"eventVersion":"1.09","eventID":"11111111-1111-4111-8111-111111111113","eventTime":"2026-03-04T12:06:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.10","recipientAccountId":"123456789012","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:alice","arn":"arn:aws:sts::123456789012:assumed-role/deploy/alice","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE000000001"},"requestParameters":{"bucketName":"ledger","key":"b.csv"}}`,
}

func TestTryForms(t *testing.T) {
	plain := strings.Join(lines, "\n") + "\n"
	var pretty bytes.Buffer
	for _, l := range lines {
		if err := json.Indent(&pretty, []byte(l), "", "  "); err != nil {
			t.Fatal(err)
		}
		pretty.WriteByte('\n')
	}
	want := try(t, []byte(plain))
	if n := strings.Count(want, `"primary":true`); n != len(lines) {
		t.Fatalf("%d chains, want %d:\n%s", n, len(lines), want)
	}
	for name, text := range map[string]string{
		"array":           "[" + strings.Join(lines, ",") + "]",
		"array of lines":  "[\n" + strings.Join(lines, ",\n") + "\n]\n",
		"records":         `{"Records":[` + strings.Join(lines, ",") + `]}`,
		"joined":          strings.Join(lines, ""),
		"byte order mark": "\xef\xbb\xbf" + plain,
		"windows":         strings.ReplaceAll(plain, "\n", "\r\n"),
		"blank lines":     strings.ReplaceAll(plain, "\n", "\n\n"),
		"twice":           plain + plain,
		"gzip":            compressed(t, plain, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		"gzip members": compressed(t, lines[0]+"\n", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) +
			compressed(t, lines[1]+"\n"+lines[2], func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		"zstd": compressed(t, plain, func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return z
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, try(t, []byte(text))); diff != "" {
				t.Errorf("-plain +%s:\n%s", name, diff)
			}
		})
	}
	// The bytes of a line are other ones when it is printed prettily, and with
	// them their hash and the version, which covers it.
	if diff := cmp.Diff(hash.ReplaceAllString(want, ""), hash.ReplaceAllString(try(t, pretty.Bytes()), "")); diff != "" {
		t.Errorf("-plain +pretty:\n%s", diff)
	}
}

func TestTryDamagedCompression(t *testing.T) {
	whole := compressed(t, strings.Join(lines, "\n"), func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	for name, text := range map[string]string{"cut": whole[:len(whole)-4], "no gzip after all": "\x1f\x8bxxxxxxxxxxxx", "no zstd": "\x28\xb5\x2f\xfdxxxx"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			write(t, path, []byte(text))
			var out, errOut bytes.Buffer
			code := execute(t.Context(), []string{"try", path}, nil, &out, &errOut)
			if code != exitFailed || !strings.Contains(errOut.String(), "whence: ") || !strings.Contains(errOut.String(), path) {
				t.Errorf("exit code %d\n%s", code, &errOut)
			}
		})
	}
}

// The real samples: nothing is rejected, and the chains depend on the set of
// lines alone.
func TestTrySamples(t *testing.T) {
	root := samples(t)
	for _, folder := range []string{
		"iam/aws_cloudtrail", "iam/okta", "vault/hashicorp_vault", "cicd/github_webhooks", "cicd/github_audit", "model-api/litellm",
	} {
		t.Run(folder, func(t *testing.T) {
			dir := filepath.Join(root, folder)
			want, errOut := tryPaths(t, dir)
			if want == "" {
				t.Fatalf("no chains\n%s", errOut)
			}
			if !strings.HasSuffix(strings.TrimSpace(errOut), "; 0 rejected") {
				t.Errorf("something was rejected:\n%s", errOut)
			}
			values := valuesBelow(t, dir)
			for seed := range uint64(4) {
				got, _ := tryPaths(t, scattered(t, values, rand.New(rand.NewPCG(seed, 1)))...)
				if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
					t.Fatalf("seed %d: -as it is +scattered:\n%s", seed, diff)
				}
			}
		})
	}
}

// samples is the folder of real logs, which are no part of the repository.
func samples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WHENCE_SAMPLES")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/samples")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("THE REAL SAMPLES ARE NOT HERE: set WHENCE_SAMPLES to their folder to run this test")
	}
	return dir
}

func valuesBelow(t *testing.T, dir string) [][]byte {
	t.Helper()
	var values [][]byte
	found := findLogs([]string{dir})
	for _, path := range found.files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = sources.Split(f, func(raw []byte, _ int64) error {
			values = append(values, bytes.Clone(raw))
			return nil
		})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// scattered writes values in any order into several files, some of them several
// times, and returns the files in any order.
func scattered(t *testing.T, values [][]byte, dice *rand.Rand) []string {
	t.Helper()
	files := make([]bytes.Buffer, 1+dice.IntN(5))
	for _, i := range dice.Perm(len(values)) {
		for range 1 + dice.IntN(3)/2 {
			f := &files[dice.IntN(len(files))]
			f.Write(values[i])
			f.WriteByte('\n')
		}
	}
	var paths []string
	dir := t.TempDir()
	for i := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.log", i))
		write(t, path, files[i].Bytes())
		paths = append(paths, path)
	}
	dice.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

func TestFindLogs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.json", "a/z.log", "a/README.md", ".hidden.json", ".git/x.json", "c.gz", "c.yml", "d-expected.json"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if err := os.Symlink(filepath.Join(dir, "b.json"), filepath.Join(dir, "link.json")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling.json")); err != nil {
		t.Fatal(err)
	}
	found := findLogs([]string{dir, filepath.Join(dir, "a", "README.md"), "-"})
	var got []string
	for _, f := range found.files {
		got = append(got, strings.TrimPrefix(filepath.ToSlash(f), filepath.ToSlash(dir)+"/"))
	}
	if diff := cmp.Diff([]string{"a/z.log", "b.json", "c.gz", "link.json", "a/README.md", "-"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff("6 files, by the name no logs: 1 -expected.json, 1 .md, 1 .yml, 1 hidden, 1 hidden folder, 1 no regular file", found.skips()); diff != "" || found.err != nil {
		t.Errorf("-want +got:\n%s\n%v", diff, found.err)
	}
	if missing := findLogs([]string{filepath.Join(dir, "missing")}); !errors.Is(missing.err, fs.ErrNotExist) {
		t.Errorf("a missing path: %v", missing.err)
	}
}

var (
	coordinates = regexp.MustCompile(`"evidence":\{"topic":"[^"]*","partition":0,"offset":\d+,`)
	hash        = regexp.MustCompile(`"version":\d+,|"sha256":"[0-9a-f]*"`)
)

// tryPaths runs whence try and returns its output without coordinates.
func tryPaths(t *testing.T, paths ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if code := execute(t.Context(), slices.Concat([]string{"try"}, paths), nil, &o, &e); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, &e)
	}
	return coordinates.ReplaceAllString(o.String(), `"evidence":{`), e.String()
}

func try(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, file)
	out, _ := tryPaths(t, path)
	return out
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func compressed(t *testing.T, text string, with func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var b bytes.Buffer
	w := with(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
