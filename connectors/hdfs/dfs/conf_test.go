package dfs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conf writes a folder with hdfs-site.xml and core-site.xml.
func conf(t *testing.T, properties ...string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"core-site.xml": "", "hdfs-site.xml": ""}
	for i := 0; i < len(properties); i += 2 {
		file := "hdfs-site.xml"
		if strings.HasPrefix(properties[i], "fs.") || strings.HasPrefix(properties[i], "hadoop.") {
			file = "core-site.xml"
		}
		files[file] += "<property><name>" + properties[i] + "</name><value>" + properties[i+1] + "</value></property>"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("<?xml version=\"1.0\"?><configuration>"+text+"</configuration>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestResolve(t *testing.T) {
	t.Parallel()
	ha := []string{
		"fs.defaultFS", "hdfs://prod", "dfs.nameservices", "prod,old", "dfs.ha.namenodes.prod", "nn2, nn1",
		"dfs.namenode.rpc-address.prod.nn1", "one:8020", "dfs.namenode.rpc-address.prod.nn2", "two:9000",
		"dfs.namenode.rpc-address.old", "three:8020",
	}
	for _, tt := range []struct {
		url       string
		conf      []string
		addresses []string
		root      string
		err       string
	}{
		{url: "hdfs://node:9000", addresses: []string{"node:9000"}},
		{url: "hdfs://node", addresses: []string{"node:8020"}},
		{url: "hdfs://[::1]/a/b/", addresses: []string{"[::1]:8020"}, root: "/a/b"},
		{url: "hdfs://prod/x", conf: ha, addresses: []string{"two:9000", "one:8020"}, root: "/x"},
		{url: "hdfs://old", conf: ha, addresses: []string{"three:8020"}},
		{url: "hdfs://other:1", conf: ha, addresses: []string{"other:1"}},
		{url: "hdfs:///y", conf: ha, addresses: []string{"two:9000", "one:8020"}, root: "/y"},
		{url: "hdfs:///y", err: "fs.defaultFS"},
		{url: "hdfs://ns", conf: []string{"dfs.ha.namenodes.ns", "a"}, err: "dfs.namenode.rpc-address.ns.a is missing"},
		{url: "file:///x", err: `the scheme "file"`},
		{url: "hdfs://a b", err: "no URL"},
		// The library would fall over this one.
		{url: "hdfs://node", conf: []string{"fs.defaultFS", "http://[::1"}, addresses: []string{"node:8020"}},
	} {
		dir := ""
		if tt.conf != nil {
			dir = conf(t, tt.conf...)
		}
		o, err := Resolve(tt.url, dir)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %s", tt.url, err, tt.err)
			}
			continue
		}
		if err != nil || !cmp.Equal(o.Addresses, tt.addresses) || o.Root != tt.root {
			t.Errorf("%s: %v below %q, %v; want %v below %q", tt.url, o.Addresses, o.Root, err, tt.addresses, tt.root)
		}
	}
}

func TestProtection(t *testing.T) {
	t.Parallel()
	o, err := Resolve("hdfs://node", conf(t, "dfs.data.transfer.protection", "integrity", "dfs.client.use.datanode.hostname", "true", "hadoop.security.authentication", "kerberos"))
	if err != nil || o.client.DataTransferProtection != "integrity" || !o.client.UseDatanodeHostname || o.client.KerberosClient != nil {
		t.Errorf("%+v, %v", o.client, err)
	}
}

func TestUser(t *testing.T) {
	t.Setenv("HADOOP_USER_NAME", "ingest")
	o, err := Resolve("hdfs://node", "")
	if err != nil || o.User != "ingest" {
		t.Errorf("the user is %q, %v", o.User, err)
	}
}

func TestMissingAndBadFolders(t *testing.T) {
	t.Parallel()
	if _, err := Resolve("hdfs://node", "/does/not/exist"); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "core-site.xml"), []byte("<configuration><property>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve("hdfs://node", bad); err == nil || !strings.Contains(err.Error(), "hadoop.conf.dir") {
		t.Errorf("a file that is cut off: %v", err)
	}
}
