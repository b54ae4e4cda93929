package dfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
)

// exception is one of a name node.
type exception struct{ class, message string }

func (e exception) Method() string    { return "create" }
func (e exception) Desc() string      { return "ERROR_APPLICATION" }
func (e exception) Exception() string { return e.class }
func (e exception) Message() string   { return e.message + "\n\tat java.lang.Thread.run(Thread.java:1)" }
func (e exception) Error() string     { return "create call failed with " + e.class }

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err   error
		has   string
		lease bool
	}{
		{exception{"org.apache.hadoop.hdfs.server.namenode.SafeModeException", "Cannot create file"}, "-safemode get", false},
		{exception{"org.apache.hadoop.ipc.RetriableException", "org.apache.hadoop.hdfs.server.namenode.SafeModeException: Cannot create. Name node is in safe mode."}, "-safemode get", false},
		{exception{"org.apache.hadoop.hdfs.protocol.DSQuotaExceededException", "The DiskSpace quota of /a is exceeded"}, "-setSpaceQuota", false},
		{exception{"org.apache.hadoop.hdfs.protocol.NSQuotaExceededException", "The NameSpace quota of /a is exceeded"}, "flush.size", false},
		{exception{"java.io.IOException", "File /a could only be written to 0 of the 1 minReplication nodes."}, "disks are full", false},
		{exception{"org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException", "Failed to APPEND_FILE /a"}, "another writer", true},
		{exception{"org.apache.hadoop.hdfs.protocol.RecoveryInProgressException", "Failed to APPEND_FILE /a"}, "takes the file back", true},
		{exception{"org.apache.hadoop.ipc.StandbyException", "Operation category WRITE"}, "dfs.ha.namenodes", false},
		{exception{"org.apache.hadoop.security.authorize.AuthorizationException", "User: x"}, "connect.hdfs.principal", false},
		{exception{"java.io.IOException", "something else"}, "java.io.IOException: something else", false},
		{fs.ErrPermission, "HADOOP_USER_NAME", false},
		{io.ErrUnexpectedEOF, "store.url", false},
		{errors.New("no available namenodes: dial tcp: connection refused"), "store.url", false},
		{errors.New("other"), "other", false},
	} {
		err := explain("create", "/a/b", &fs.PathError{Op: "create", Path: "/a/b", Err: tt.err})
		if err == nil || !strings.HasPrefix(err.Error(), "create /a/b: ") || !strings.Contains(err.Error(), tt.has) || strings.Contains(err.Error(), "Thread.java") {
			t.Errorf("%v is explained as %v", tt.err, err)
		}
		if errors.Is(err, ErrLease) != tt.lease {
			t.Errorf("%v: %v; a matter of leases: %v", tt.err, err, !tt.lease)
		}
	}
	if err := explain("x", "y", nil); err != nil {
		t.Error(err)
	}
	if err := explain("stat", "/a", fmt.Errorf("x: %w", fs.ErrNotExist)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there is lost: %v", err)
	}
}
