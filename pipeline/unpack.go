package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// unpacker unpacks fetched batches into what pools lend. It has its own way with LZ4,
// which most producers use: the client's unpacks each batch into a block of 4 MiB of its
// own, copies that into the piece, and takes a checksum of all of it, although Kafka's
// CRC, which the client has looked at, is of the same bytes. Without that it takes half
// the time and less (BenchmarkUnpack), and the blocks, one for each batch that is
// unpacked at the same time, are not there. All else is left to the client's. It is safe
// for concurrent use.
type unpacker struct {
	lent *pools
	rest kgo.Decompressor
	most int // bytes that a batch may unpack to
}

func newUnpacker(lent *pools, most int) (*unpacker, error) {
	// Only a client makes the usual one with a bound. This one reaches nobody.
	client, err := kgo.NewClient(kgo.DisableClientMetrics(), kgo.MaxDecompressBatchBytes(most), kgo.WithDecompressor(kgo.DefaultDecompressor(lent)))
	if err != nil {
		return nil, fmt.Errorf("prepare to unpack: %w", err)
	}
	defer client.Close()
	rest, ok := client.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	if !ok {
		return nil, errors.New("prepare to unpack: the kafka client has no decompressor")
	}
	return &unpacker{lent, rest, most}, nil
}

// Decompress implements kgo.Decompressor. What it returns goes back to the pools when
// its records are recycled, or at once if it fails.
func (u *unpacker) Decompress(packed []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if codec != kgo.CodecLz4 {
		return u.rest.Decompress(packed, codec)
	}
	b, err := unframe(u.lent.GetDecompressBytes(packed, codec), packed, u.most)
	if err == nil {
		return b, nil
	}
	u.lent.PutDecompressBytes(b)
	if errors.Is(err, errUnusual) {
		return u.rest.Decompress(packed, codec)
	}
	return nil, err
}

// errUnusual is of a frame that is damaged, or that few would write.
var errUnusual = errors.New("no plain LZ4 frame")

// The LZ4 frame format, version 1.6.2: magic number, flags, the size of blocks, perhaps
// that of the content, a checksum of these; then blocks, each with its size before it;
// a size of 0, and perhaps a checksum of the content.
const (
	frameMagic   = 0x184D2204
	frameVersion = 1 << 6
	// The flags. Blocks that are not independent refer to the 64 KiB before them.
	flagVersions    = 3 << 6
	flagIndependent = 1 << 5
	flagBlockSum    = 1 << 4
	flagContentSize = 1 << 3
	flagContentSum  = 1 << 2
	flagOthers      = 1<<1 | 1<<0 // reserved; a dictionary of the producer's own
	plainBlock      = 1 << 31     // of a block's size: it is not packed
	lz4Window       = 64 << 10
)

// unframe unpacks one frame into b, from its beginning, and grows it if need be. It
// returns b whatever happens. The checksums are not looked at: see unpacker.
func unframe(b, frame []byte, most int) ([]byte, error) {
	b = b[:0]
	if len(frame) < 7 || binary.LittleEndian.Uint32(frame) != frameMagic {
		return b, errUnusual
	}
	flags, size := frame[4], int(frame[5]>>4&7)
	if flags&flagVersions != frameVersion || flags&flagOthers != 0 || size < 4 {
		return b, errUnusual
	}
	blockBytes := 1 << (8 + 2*size) // 64 KiB, 256 KiB, 1 MiB or 4 MiB
	frame = frame[6:]
	trailer := 0
	if flags&flagBlockSum != 0 {
		trailer = 4
	}
	if flags&flagContentSize != 0 {
		if len(frame) < 8 {
			return b, errUnusual
		}
		frame = frame[8:]
	}
	if len(frame) < 1 { // the checksum of the header
		return b, errUnusual
	}
	frame = frame[1:]
	for {
		if len(frame) < 4 {
			return b, errUnusual
		}
		n := binary.LittleEndian.Uint32(frame)
		frame = frame[4:]
		if n == 0 {
			break
		}
		plain := n&plainBlock != 0
		n &^= plainBlock
		if int(n) > blockBytes || len(frame) < int(n)+trailer {
			return b, errUnusual
		}
		var err error
		if b, err = unblock(b, frame[:n], plain, flags&flagIndependent == 0, blockBytes); err != nil {
			return b, err
		}
		if len(b) > most {
			return b, kgo.ErrMaxDecompress
		}
		frame = frame[int(n)+trailer:]
	}
	rest := 0
	if flags&flagContentSum != 0 {
		rest = 4
	}
	if len(frame) != rest { // cut off, or there is another frame
		return b, errUnusual
	}
	return b, nil
}

// unblock appends what a block unpacks to, blockBytes at most. It returns b whatever
// happens.
func unblock(b, block []byte, plain, linked bool, blockBytes int) ([]byte, error) {
	if plain {
		return append(b, block...), nil
	}
	var window []byte
	if linked {
		window = b[max(0, len(b)-lz4Window):]
	}
	for {
		room := b[len(b):min(cap(b), len(b)+blockBytes)]
		if len(room) > 0 {
			if n, err := lz4.UncompressBlockWithDict(block, room, window); err == nil {
				return b[:len(b)+n], nil
			}
		}
		if len(room) == blockBytes { // there was enough
			return b, errUnusual
		}
		b = append(make([]byte, 0, min(2*cap(b)+firstPooled, len(b)+blockBytes)), b...)
	}
}
