package pipeline

import (
	"context"
	"errors"
	"fmt"

	"whence/correlate"
)

// Use has everything walked by another directory from now on. The lanes walk their
// parked chains again within CommitEvery, and no walk that was kept with the old
// directory is used again. What has left the windows stays as it was written: of an
// earlier epoch it is Repair.Anew's. Use is safe for concurrent use, before Run too.
//
// A chain's version begins with the epoch, so a chain that is walked again by a
// directory of a higher epoch replaces the former one whatever else it says. Of two
// directories of one epoch neither comes first: versions of two contents differ all
// the same, and the higher one is the row that stays, everywhere.
func (p *Pipeline) Use(d *correlate.Directory, epoch uint32) {
	r := p.walks().With(d, epoch)
	p.newer.Store(r)
	if p.repairing != nil {
		p.repairing.use(r)
	}
}

// walks is the resolver by which chains are walked now.
func (s *shared) walks() *correlate.Resolver {
	if r := s.newer.Load(); r != nil {
		return r
	}
	return s.resolver
}

// takeDirectory has the lane walk by the directory that is in use now, and reports
// whether that is another one than in the lane's last step. It is called between steps,
// when nothing that the walker lent is in use.
func (l *lane) takeDirectory() bool {
	r := l.walks()
	if r != l.walker.Resolver {
		l.walker = r.NewWalker()
		if l.poison {
			l.walker.Poison()
		}
	}
	changed := r != l.walkedBy
	l.walkedBy = r
	return changed
}

// use has chains walked by base from now on, over the archive too.
func (r *Repair) use(base *correlate.Resolver) {
	o := *base
	o.Index = r.wider
	r.resolver.Store(&o)
}

// errBehind means that a chain was written by a directory or a configuration of a
// higher epoch than that of this process. Walked here it would come out with a lower
// version, and what was learnt of it would be lost: it has to wait until this process
// is told of that directory too, or be left to one that was.
var errBehind = errors.New("a stored chain is of a later epoch than this directory and configuration: use the directory (its version) and the epoch that it was written with, or higher ones")

// behind reports whether c was written in a later epoch than r's.
func behind(c *correlate.Chain, r *correlate.Resolver) bool {
	return r.Epoch < correlate.MaxEpoch && c.Version >= correlate.FirstVersion(r.Epoch+1)
}

// Anew does what Once does, and walks every stored chain of an earlier epoch again:
// after it, if all instances have the directory of this epoch, no chain is left that
// goes by an older one. A repeat finds nothing to do.
func (r *Repair) Anew(ctx context.Context) (Repaired, error) {
	r.all = true
	return r.Once(ctx)
}

// anew walks what was written in an earlier epoch.
func (r *Repair) anew(ctx context.Context, done *Repaired) error {
	var held []correlate.Chain
	flush := func() error {
		if len(held) == 0 {
			return nil
		}
		err := r.again(ctx, held, done)
		clear(held)
		held = held[:0]
		return err
	}
	err := r.archive.Older(ctx, correlate.FirstVersion(r.resolver.Load().Epoch), func(c correlate.Chain) error {
		if held = append(held, c); len(held) < repairBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("write chains of earlier epochs anew: %w", err)
	}
	return nil
}
