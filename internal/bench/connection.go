package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// connection is an HTTP/1.1 connection to a server of this machine that sends requests which are written out already, and reads
// of an answer its status and its body. net/http's client costs as much as a call that is measured, on the same machine.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer; used again for the next
}

// dial opens a connection, which is closed with ctx or by close.
func dial(ctx context.Context, address string) (c *connection, hangUp func(), err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, err
	}
	release := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &connection{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, func() {
		release()
		_ = conn.Close()
	}, nil
}

// writeRequest writes a call out as it is sent.
func writeRequest(address, path, key string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n",
		path, address, key, len(body))
	b.Write(body)
	return b.Bytes()
}

// call sends a request and reads the answer, which is good until the next call. A status other than 200 is an error.
func (c *connection) call(request []byte) (body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	status, length, err := c.readHead()
	if err != nil {
		return nil, err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.readBody(length)
	} else {
		err = c.readChunks()
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("answered with status %d: %.300s", status, c.body)
	}
	return c.body, err
}

var errAnswer = errors.New("the answer is not what HTTP/1.1 says")

// chunked is the length of a body that comes in chunks.
const chunked = -1

// readHead reads the head of an answer. A body has a length, or is chunked.
func (c *connection) readHead() (status, length int, err error) {
	line, err := c.readLine()
	if err != nil {
		return 0, 0, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, errAnswer
	}
	known := false
	for {
		line, err := c.readLine()
		if err != nil {
			return 0, 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, 0, errAnswer
			}
			known = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")) && bytes.EqualFold(value, []byte("chunked")):
			length, known = chunked, true
		}
	}
	if !known {
		return 0, 0, errAnswer
	}
	return status, length, nil
}

// readLine reads a line, without its end.
func (c *connection) readLine() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// maxBody bounds an answer: far beyond what any has.
const maxBody = 64 << 20

func (c *connection) readBody(length int) error {
	if len(c.body)+length > maxBody {
		return errAnswer
	}
	begin := len(c.body)
	c.body = append(c.body, make([]byte, length)...)
	_, err := io.ReadFull(c.in, c.body[begin:])
	return err
}

func (c *connection) readChunks() error {
	for {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		length, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return errAnswer
		}
		if err := c.readBody(int(length)); err != nil {
			return err
		}
		if line, err = c.readLine(); err != nil {
			return err
		}
		if len(line) > 0 { // no trailer is asked for
			return errAnswer
		}
		if length == 0 {
			return nil
		}
	}
}
