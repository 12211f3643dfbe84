package index

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// nameplate is the file that says that a directory is ours to empty.
	nameplate = "WHENCE"
	// verdict is the file left behind when a read found damage; the next start
	// empties the directory instead of finding it again.
	verdict = "DAMAGED"
	// spooled is what the spool is called until it has no name.
	spooled = "OVERFLOW"
)

// rowsVersion is what the nameplate must say. It changes with the rows, and with
// the codec of the topics: records of a newer codec were skipped when they were
// read, so they must be read again.
func rowsVersion() string {
	return fmt.Sprintf("whence session store, rows 2, codec %d\n", codecVersion)
}

var (
	errForeign = errors.New("the directory holds files that are not ours; choose an empty one")
	errDamaged = errors.New("the store is damaged; the next start rebuilds it from the topics")
)

// claim locks the directory and makes sure that it is ours.
func (p *Pebble) claim() error {
	if err := p.fs.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	names, err := p.fs.List(p.dir)
	if err != nil {
		return err
	}
	ours, empty := false, true
	for _, name := range names {
		ours = ours || name == nameplate
		empty = empty && name == "LOCK"
	}
	if !ours && !empty {
		return errForeign
	}
	lock, err := pebble.LockDirectory(p.dir, p.fs)
	if err != nil {
		return fmt.Errorf("lock it (is another process using it?): %w", err)
	}
	p.lock = lock
	if empty {
		if err := p.name(); err != nil {
			return errors.Join(err, lock.Close())
		}
	}
	return nil
}

// unusable says why the directory must be emptied before it is opened, or "".
func (p *Pebble) unusable() string {
	if why, err := p.readFile(verdict); err == nil {
		return strings.TrimSpace(string(why))
	}
	plate, err := p.readFile(nameplate)
	switch {
	case err != nil:
		return err.Error()
	case string(plate) != rowsVersion():
		return "written by another release: " + strings.TrimSpace(string(plate))
	}
	return ""
}

// wipe deletes the store's files and nothing else.
func (p *Pebble) wipe() error {
	names, err := p.fs.List(p.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(p.dir, name)
		if info, err := p.fs.Stat(path); err != nil || info.IsDir() || !wipeable(name) {
			continue
		}
		if err := p.fs.Remove(path); err != nil {
			return err
		}
	}
	return p.name()
}

func wipeable(name string) bool {
	for _, begin := range []string{"CURRENT", "MANIFEST-", "OPTIONS-", "marker.", keepsakeNamed, nameplate, verdict, spooled} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	for _, end := range []string{".sst", ".log", ".blob", ".dbtmp"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// spool implements spooler. A crash between its two steps leaves a file, which the next
// one takes over: the directory is locked.
func (p *Pebble) spool() (spool, error) {
	path := filepath.Join(p.dir, spooled)
	f, err := p.fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	if err := p.fs.Remove(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (p *Pebble) name() error { return p.writeFile(nameplate, rowsVersion()) }

func (p *Pebble) readFile(name string) ([]byte, error) {
	f, err := p.fs.Open(filepath.Join(p.dir, name))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	return text, errors.Join(err, f.Close())
}

// writeFile writes a file that is there after a crash.
func (p *Pebble) writeFile(name, text string) error {
	f, err := p.fs.Create(filepath.Join(p.dir, name), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(text))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := p.fs.OpenDir(p.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// failed wraps an error of the store. Damage is remembered for the next start;
// this one cannot go on, for what it would answer may lack facts.
func (p *Pebble) failed(what string, err error) error {
	if pebble.IsCorruptionError(err) || errors.Is(err, errDamaged) {
		err = errors.Join(err, p.writeFile(verdict, err.Error()+"\n"))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// damaged marks an error of a row that cannot be read.
func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}
