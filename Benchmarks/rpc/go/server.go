// grpc-go serving Greeter: `server CERTIFICATE KEY` prints the port and serves until standard input
// ends.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	v1 "bench/rpc/v1"
)

type greeter struct{}

func (greeter) SayHello(_ context.Context, in *v1.HelloRequest) (*v1.HelloReply, error) {
	return &v1.HelloReply{Message: "Hello, " + in.Name}, nil
}

func (greeter) Chat(stream v1.Greeter_ChatServer) error {
	for {
		note, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(note); err != nil {
			return err
		}
	}
}

func (greeter) Echo(_ context.Context, in *v1.Blob) (*v1.Blob, error) {
	return in, nil
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: server CERTIFICATE KEY")
	}
	certificate, err := credentials.NewServerTLSFromFile(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(certificate))
	v1.RegisterGreeterServer(server, greeter{})
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(server.Serve(listener))
}
