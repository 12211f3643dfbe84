package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	notices "whence/rules/notice"
)

// addSilence appends a silence to a file, which is made if it is not there. What the file
// says otherwise stays as it is, comments too.
func addSilence(path string, one notices.Silence) error {
	return editSilences(path, func(b []byte) ([]byte, error) {
		entry, err := yaml.Marshal([]notices.Silence{one})
		if err != nil {
			return nil, fmt.Errorf("write the silence: %w", err)
		}
		if root, err := silenceList(b); err != nil {
			return nil, err
		} else if root == nil || len(root.Values) == 0 {
			return entry, nil
		} else if root.IsFlowStyle {
			return nil, fmt.Errorf("%s is written in brackets: write each silence on lines of its own that begin with -, or add it by hand", path)
		}
		if !bytes.HasSuffix(b, []byte("\n")) {
			b = append(b, '\n')
		}
		return append(b, entry...), nil
	})
}

// expireSilence has a silence end at now.
func expireSilence(path, id string, now time.Time) error {
	return editSilences(path, func(b []byte) ([]byte, error) {
		root, err := silenceList(b)
		if err != nil {
			return nil, err
		}
		for i := 0; root != nil && i < len(root.Values); i++ {
			var one notices.Silence
			if err := yaml.NodeToValue(root.Values[i], &one); err != nil {
				return nil, err
			}
			if one.ID != id {
				continue
			}
			switch one.State(now) {
			case "expired":
				return nil, fmt.Errorf("silence %s is over since %s", id, one.Until.UTC().Format(time.RFC3339))
			case "later":
				return nil, fmt.Errorf("silence %s begins at %s: take it out of %s", id, one.From.UTC().Format(time.RFC3339), path)
			}
			return withUntil(b, root.Values[i], now)
		}
		return nil, fmt.Errorf("there is no silence %s in %s", id, path)
	})
}

// withUntil puts another end in the text of one silence.
func withUntil(b []byte, node ast.Node, end time.Time) ([]byte, error) {
	m, ok := node.(*ast.MappingNode)
	for i := 0; ok && i < len(m.Values); i++ {
		if m.Values[i].Key.String() != "until" {
			continue
		}
		tk := m.Values[i].Value.GetToken()
		lines := bytes.SplitAfter(b, []byte("\n"))
		line := lines[tk.Position.Line-1]
		at := tk.Position.Column - 1
		old := []byte(tk.Value)
		if at < len(line) && (line[at] == '"' || line[at] == '\'') {
			at++ // the quotation marks stay
		}
		if at > len(line) || !bytes.HasPrefix(line[at:], old) {
			break
		}
		lines[tk.Position.Line-1] = bytes.Join([][]byte{line[:at], []byte(end.Format(time.RFC3339)), line[at+len(old):]}, nil)
		return bytes.Join(lines, nil), nil
	}
	return nil, errors.New("the end of the silence cannot be found in the file: change until by hand")
}

// silenceList is the list in a file of silences; nil for an empty file.
func silenceList(b []byte) (*ast.SequenceNode, error) {
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, err
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil, nil
	}
	root, ok := f.Docs[0].Body.(*ast.SequenceNode)
	if _, comment := f.Docs[0].Body.(*ast.CommentGroupNode); comment {
		return nil, nil
	}
	if !ok {
		return nil, errors.New("the file is no list of silences")
	}
	return root, nil
}

// editSilences changes the file as a whole, or not at all: what would be wrong is not
// written, two that edit at the same time do not undo each other's, and who reads it reads
// the one or the other.
func editSilences(path string, edit func([]byte) ([]byte, error)) (err error) {
	if real, err := os.Readlink(path); err == nil {
		return fmt.Errorf("%s is a link to %s: edit the silences where they are kept", path, real)
	}
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("somebody else edits the silences; if nobody does, an edit broke off: remove %s", next)
	}
	if err != nil {
		return fmt.Errorf("edit the silences: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next)
		}
	}()
	defer f.Close() // closed before, if all went well
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("edit the silences: %w", err)
	}
	if b, err = edit(b); err != nil {
		return err
	}
	if _, err := notices.ReadSilences(b); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return fmt.Errorf("edit the silences: %w", err)
		}
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("edit the silences: %w", err)
	}
	return nil
}
