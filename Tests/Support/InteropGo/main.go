// Interopgo runs gRPC's interoperability tests with grpc-go, as server or as client.
//
//	interopgo serve
//	interopgo call CASE HOST:PORT
//
// See https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/stats"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		serve()
	case len(os.Args) == 4 && os.Args[1] == "call":
		call(os.Args[2], os.Args[3])
	default:
		fail("usage: interopgo serve | call CASE HOST:PORT")
	}
}

// serve answers until standard input ends.
func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail("%v", err)
	}
	server := grpc.NewServer(grpc.StatsHandler(compressionWatcher{}))
	RegisterTestServiceServer(server, testServer{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		server.GracefulStop()
	}()
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		fail("%v", err)
	}
	fmt.Println("stopped")
}

func call(name, target string) {
	test, known := cases[name]
	if !known {
		fail("no such case: %s", name)
	}
	connection, err := grpc.Dial(target, grpc.WithInsecure(), grpc.WithStatsHandler(compressionWatcher{}))
	if err != nil {
		fail("%v", err)
	}
	defer connection.Close()
	if err := test(connection); err != nil {
		fail("%s: %v", name, err)
	}
	fmt.Printf("passed %s\n", name)
}

func fail(format string, arguments ...interface{}) {
	fmt.Printf("failed: "+format+"\n", arguments...)
	os.Exit(1)
}

// compressionWatcher counts the messages of each call that came compressed: those with other than
// five bytes more on the wire than they have themselves.
type compressionWatcher struct{}

type countKey struct{}

// compressedCount is how many messages of the call came compressed so far.
func compressedCount(ctx context.Context) int {
	if count, found := ctx.Value(countKey{}).(*int); found {
		return *count
	}
	return 0
}

// withCount gives a client's call a counter that outlives it.
func withCount(ctx context.Context) (context.Context, *int) {
	count := new(int)
	return context.WithValue(ctx, countKey{}, count), count
}

func (compressionWatcher) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if ctx.Value(countKey{}) != nil {
		return ctx
	}
	tagged, _ := withCount(ctx)
	return tagged
}

func (compressionWatcher) HandleRPC(ctx context.Context, event stats.RPCStats) {
	payload, isPayload := event.(*stats.InPayload)
	count, isCounted := ctx.Value(countKey{}).(*int)
	if isPayload && isCounted && payload.WireLength != payload.Length && payload.WireLength != payload.Length+5 {
		*count++
	}
}

func (compressionWatcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}

func (compressionWatcher) HandleConn(context.Context, stats.ConnStats) {}
