package clickhouse

import (
	"archive/tar"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxLibraryBytes bounds what is unpacked; the library has 566 MB.
const maxLibraryBytes = 2 << 30

// errIntegrity: the packed file is not the one that was published.
var errIntegrity = errors.New("the package is not the one that was published; it was thrown away")

// checkIntegrity compares a file with a hash in the form npm writes it:
// sha512-, then base64.
func checkIntegrity(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%w: its integrity is %s, not %s", errIntegrity, got, want)
	}
	return nil
}

// unpack writes the library out of the packed file to the path to, and nothing
// else, and sees it on disk.
func (f fetcher) unpack(ctx context.Context, packed, to string) error {
	in, err := os.Open(packed)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	unzip, err := gzip.NewReader(&counter{ctx: ctx, in: in, total: info.Size(), progress: f.progress})
	if err != nil {
		return err
	}
	library, err := seek(tar.NewReader(unzip))
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, library); err != nil {
		return errors.Join(err, out.Close())
	}
	return errors.Join(out.Sync(), out.Close())
}

// seek goes to the library in the archive.
func seek(r *tar.Reader) (io.Reader, error) {
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no " + libraryName + " in the package")
		}
		if err != nil {
			return nil, err
		}
		if path.Base(h.Name) != libraryName || h.Typeflag != tar.TypeReg || strings.Contains(h.Name, "..") {
			continue
		}
		if h.Size > maxLibraryBytes {
			return nil, fmt.Errorf("the library in the package has %d bytes, which is too much", h.Size)
		}
		return r, nil
	}
}

// counter reports how much of the packed file has been read.
type counter struct {
	ctx         context.Context
	in          io.Reader
	done, total int64
	told        int64
	progress    func(stage string, done, total int64)
}

// Read implements io.Reader. It fails once the context is done.
func (c *counter) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.in.Read(p)
	c.done += int64(n)
	if c.done-c.told >= c.total/100 {
		c.told = c.done
		c.progress("unpacking ClickHouse", c.done, c.total)
	}
	return n, err
}
