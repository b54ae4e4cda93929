package dfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/colinmarc/hdfs/v2"
)

// advice says what to do about an exception of the name node, by its class or by
// words of its message. The first that fits counts.
type advice struct {
	class, words string
	text         string
	lease        bool
}

// advices has no class that the client turns into an error of io/fs.
func advices() []advice {
	return []advice{
		{class: "SafeModeException", text: "the name node is in safe mode and takes no writes: wait until its data nodes have reported, or see `hdfs dfsadmin -safemode get`"},
		{words: "in safe mode", text: "the name node is in safe mode and takes no writes: wait until its data nodes have reported, or see `hdfs dfsadmin -safemode get`"},
		{class: "DSQuotaExceededException", text: "the space quota of a folder is used up: remove files, or raise it with `hdfs dfsadmin -setSpaceQuota`"},
		{class: "QuotaByStorageTypeExceededException", text: "the quota of a storage type is used up: remove files, or raise it with `hdfs dfsadmin -setSpaceQuota`"},
		{class: "NSQuotaExceededException", text: "the quota of names of a folder is used up: remove files, raise it with `hdfs dfsadmin -setQuota`, or use a larger flush.size"},
		{words: "could only be written to 0 of", text: "no data node takes the block: their disks are full, or they are down; see `hdfs dfsadmin -report`"},
		{words: "could only be replicated to 0 nodes", text: "no data node takes the block: their disks are full, or they are down; see `hdfs dfsadmin -report`"},
		{class: "AlreadyBeingCreatedException", text: "another writer has the file open, or died less than a minute ago", lease: true},
		{class: "RecoveryInProgressException", text: "the name node takes the file back from a writer that died", lease: true},
		{class: "LeaseExpiredException", text: "the file was taken back from this writer, or removed: it is written again"},
		{class: "StandbyException", text: "the name node is a standby: name all of them in hadoop.conf.dir (dfs.ha.namenodes), or wait for the fail-over"},
		{class: "AuthorizationException", text: "the name node does not let this user in: check connect.hdfs.principal, or HADOOP_USER_NAME"},
		{words: "SIMPLE authentication is not enabled", text: "the name node wants Kerberos: set hdfs.authentication.kerberos, connect.hdfs.principal, connect.hdfs.keytab and hdfs.namenode.principal"},
	}
}

// explain wraps an error of the client with what was being done and what to do.
func explain(verb, name string, err error) error {
	if err == nil {
		return nil
	}
	what := verb + " " + name
	cause := err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		cause = p.Err
	}
	var remote hdfs.Error
	text := cause.Error()
	class := ""
	if errors.As(cause, &remote) {
		class = remote.Exception()
		text = firstLine(remote.Message())
	}
	for _, a := range advices() {
		if a.class != "" && !strings.HasSuffix(class, "."+a.class) && !strings.Contains(text, "."+a.class) {
			continue
		}
		if a.words != "" && !strings.Contains(text, a.words) {
			continue
		}
		if a.lease {
			return fmt.Errorf("%s: %w: %s (%s)", what, ErrLease, a.text, text)
		}
		return fmt.Errorf("%s: %s (%w)", what, a.text, &remoteError{text: text, cause: cause})
	}
	switch {
	case errors.Is(cause, fs.ErrPermission):
		return fmt.Errorf("%s: the user may not: give it the right, or write as another one (HADOOP_USER_NAME, connect.hdfs.principal): %w", what, cause)
	case connectionLost(cause):
		return fmt.Errorf("%s: no connection to the cluster: check store.url and that the name nodes and data nodes can be reached: %w", what, cause)
	case class != "":
		return fmt.Errorf("%s: %w", what, &remoteError{text: class + ": " + text, cause: cause})
	}
	return fmt.Errorf("%s: %w", what, cause)
}

// connectionLost reports whether the network is at fault.
func connectionLost(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || strings.Contains(err.Error(), "no available namenodes")
}

// remoteError is an exception of the cluster with a text that fits a log line.
type remoteError struct {
	text  string
	cause error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.cause }

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}
