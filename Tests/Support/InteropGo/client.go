package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// cases are those of the descriptions, under their names there.
var cases = map[string]func(*grpc.ClientConn) error{
	"empty_unary":                 emptyUnary,
	"large_unary":                 largeUnary,
	"client_compressed_unary":     clientCompressedUnary,
	"server_compressed_unary":     serverCompressedUnary,
	"client_streaming":            clientStreaming,
	"client_compressed_streaming": clientCompressedStreaming,
	"server_streaming":            serverStreaming,
	"server_compressed_streaming": serverCompressedStreaming,
	"ping_pong":                   pingPong,
	"half_duplex":                 halfDuplex,
	"empty_stream":                emptyStream,
	"custom_metadata":             customMetadata,
	"status_code_and_message":     statusCodeAndMessage,
	"special_status_message":      specialStatusMessage,
	"unimplemented_method":        unimplementedMethod,
	"unimplemented_service":       unimplementedService,
	"cancel_after_begin":          cancelAfterBegin,
	"cancel_after_first_response": cancelAfterFirstResponse,
	"timeout_on_sleeping_server":  timeoutOnSleepingServer,
	"concurrent_large_unary":      concurrentLargeUnary,
	"rpc_soak":                    rpcSoak,
	"channel_soak":                channelSoak,
}

const caseTimeout = 60 * time.Second

func background() context.Context {
	ctx, _ := context.WithTimeout(context.Background(), caseTimeout)
	return ctx
}

var gzip = grpc.UseCompressor("gzip")

// Unary

func emptyUnary(c *grpc.ClientConn) error {
	_, err := NewTestServiceClient(c).EmptyCall(background(), &Empty{})
	return err
}

func largeRequest() *SimpleRequest {
	return &SimpleRequest{ResponseSize: 314159, Payload: payload(271828)}
}

func callLarge(ctx context.Context, c *grpc.ClientConn, request *SimpleRequest, options ...grpc.CallOption) error {
	response, err := NewTestServiceClient(c).UnaryCall(ctx, request, options...)
	if err != nil {
		return err
	}
	return expectZeros(response.GetPayload(), 314159)
}

func largeUnary(c *grpc.ClientConn) error {
	return callLarge(background(), c, largeRequest())
}

func concurrentLargeUnary(c *grpc.ClientConn) error {
	const calls = 200
	results := make(chan error, calls)
	for i := 0; i < calls; i++ {
		go func() { results <- largeUnary(c) }()
	}
	for i := 0; i < calls; i++ {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

const soakCalls = 100

func rpcSoak(c *grpc.ClientConn) error {
	for i := 0; i < soakCalls; i++ {
		if err := largeUnary(c); err != nil {
			return err
		}
	}
	return nil
}

// channelSoak makes each call on a connection of its own.
func channelSoak(c *grpc.ClientConn) error {
	for i := 0; i < soakCalls; i++ {
		other, err := grpc.Dial(c.Target(), grpc.WithInsecure())
		if err != nil {
			return err
		}
		err = largeUnary(other)
		other.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func clientCompressedUnary(c *grpc.ClientConn) error {
	request := largeRequest()
	request.ExpectCompressed = &BoolValue{Value: true}
	if err := expectCode(callLarge(background(), c, request), codes.InvalidArgument); err != nil {
		return err
	}
	if err := callLarge(background(), c, request, gzip); err != nil {
		return err
	}
	request.ExpectCompressed.Value = false
	return callLarge(background(), c, request)
}

// The request is compressed: grpc-go 1.33 says only then what it accepts.
func serverCompressedUnary(c *grpc.ClientConn) error {
	for _, compressed := range []bool{true, false} {
		request := largeRequest()
		request.ResponseCompressed = &BoolValue{Value: compressed}
		ctx, count := withCount(background())
		if err := callLarge(ctx, c, request, gzip); err != nil {
			return err
		}
		if (*count == 1) != compressed {
			return fmt.Errorf("%d responses compressed, and it should be %v", *count, compressed)
		}
	}
	return nil
}

// Streams

func sendInputs(c *grpc.ClientConn, compressed *BoolValue, sizes []int32, options ...grpc.CallOption) (int32, error) {
	stream, err := NewTestServiceClient(c).StreamingInputCall(background(), options...)
	if err != nil {
		return 0, err
	}
	for _, size := range sizes {
		request := &StreamingInputCallRequest{Payload: payload(size), ExpectCompressed: compressed}
		if err := stream.Send(request); err != nil {
			break // CloseAndRecv says why.
		}
	}
	response, err := stream.CloseAndRecv()
	return response.GetAggregatedPayloadSize(), err
}

func clientStreaming(c *grpc.ClientConn) error {
	sum, err := sendInputs(c, nil, []int32{27182, 8, 1828, 45904})
	if err == nil && sum != 74922 {
		err = fmt.Errorf("a sum of %d", sum)
	}
	return err
}

// grpc-go compresses all requests of a call or none, so there is a call for each.
func clientCompressedStreaming(c *grpc.ClientConn) error {
	yes, no := &BoolValue{Value: true}, &BoolValue{Value: false}
	_, err := sendInputs(c, yes, []int32{27182})
	if err := expectCode(err, codes.InvalidArgument); err != nil {
		return err
	}
	first, err := sendInputs(c, yes, []int32{27182}, gzip)
	if err != nil {
		return err
	}
	second, err := sendInputs(c, no, []int32{45904})
	if err == nil && first+second != 73086 {
		err = fmt.Errorf("a sum of %d", first+second)
	}
	return err
}

func outputRequest(sizes ...int32) *StreamingOutputCallRequest {
	request := &StreamingOutputCallRequest{}
	for _, size := range sizes {
		request.ResponseParameters = append(request.ResponseParameters, &ResponseParameters{Size: size})
	}
	return request
}

type responseReceiver interface {
	Recv() (*StreamingOutputCallResponse, error)
}

func expectSizes(stream responseReceiver, sizes ...int) error {
	for _, size := range sizes {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := expectZeros(response.GetPayload(), size); err != nil {
			return err
		}
	}
	return expectEnd(stream)
}

func expectEnd(stream responseReceiver) error {
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("not the end: %v", err)
	}
	return nil
}

func serverStreaming(c *grpc.ClientConn) error {
	stream, err := NewTestServiceClient(c).StreamingOutputCall(background(), outputRequest(31415, 9, 2653, 58979))
	if err != nil {
		return err
	}
	return expectSizes(stream, 31415, 9, 2653, 58979)
}

func serverCompressedStreaming(c *grpc.ClientConn) error {
	request := outputRequest(31415, 92653)
	request.ResponseParameters[0].Compressed = &BoolValue{Value: true}
	request.ResponseParameters[1].Compressed = &BoolValue{Value: false}
	ctx, count := withCount(background())
	stream, err := NewTestServiceClient(c).StreamingOutputCall(ctx, request, gzip)
	if err != nil {
		return err
	}
	for _, size := range []int{31415, 92653} {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := expectZeros(response.GetPayload(), size); err != nil {
			return err
		}
		if *count != 1 {
			return fmt.Errorf("%d responses compressed", *count)
		}
	}
	return expectEnd(stream)
}

func pingPong(c *grpc.ClientConn) error {
	stream, err := NewTestServiceClient(c).FullDuplexCall(background())
	if err != nil {
		return err
	}
	for _, sizes := range [][2]int32{{31415, 27182}, {9, 8}, {2653, 1828}, {58979, 45904}} {
		request := outputRequest(sizes[0])
		request.Payload = payload(sizes[1])
		if err := stream.Send(request); err != nil {
			return err
		}
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := expectZeros(response.GetPayload(), int(sizes[0])); err != nil {
			return err
		}
	}
	stream.CloseSend()
	return expectEnd(stream)
}

func halfDuplex(c *grpc.ClientConn) error {
	stream, err := NewTestServiceClient(c).HalfDuplexCall(background())
	if err != nil {
		return err
	}
	for _, size := range []int32{31415, 9} {
		if err := stream.Send(outputRequest(size)); err != nil {
			return err
		}
	}
	stream.CloseSend()
	return expectSizes(stream, 31415, 9)
}

func emptyStream(c *grpc.ClientConn) error {
	stream, err := NewTestServiceClient(c).FullDuplexCall(background())
	if err != nil {
		return err
	}
	stream.CloseSend()
	return expectEnd(stream)
}

// Metadata and statuses

func customMetadata(c *grpc.ClientConn) error {
	ctx := metadata.AppendToOutgoingContext(background(),
		initialKey, "test_initial_metadata_value", trailingKey, "\xab\xab\xab")
	var leading, trailing metadata.MD
	if err := callLarge(ctx, c, largeRequest(), grpc.Header(&leading), grpc.Trailer(&trailing)); err != nil {
		return err
	}
	if err := expectEcho(leading, trailing); err != nil {
		return err
	}
	stream, err := NewTestServiceClient(c).FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	request := outputRequest(314159)
	request.Payload = payload(271828)
	if err := stream.Send(request); err != nil {
		return err
	}
	stream.CloseSend()
	if leading, err = stream.Header(); err != nil {
		return err
	}
	if err := expectSizes(stream, 314159); err != nil {
		return err
	}
	return expectEcho(leading, stream.Trailer())
}

func expectEcho(leading, trailing metadata.MD) error {
	if values := leading.Get(initialKey); len(values) != 1 || values[0] != "test_initial_metadata_value" {
		return fmt.Errorf("initial metadata %v", values)
	}
	if values := trailing.Get(trailingKey); len(values) != 1 || values[0] != "\xab\xab\xab" {
		return fmt.Errorf("trailing metadata %q", values)
	}
	return nil
}

func unaryStatus(c *grpc.ClientConn, wanted *EchoStatus) error {
	_, err := NewTestServiceClient(c).UnaryCall(background(), &SimpleRequest{ResponseStatus: wanted})
	return expectStatus(err, wanted)
}

func statusCodeAndMessage(c *grpc.ClientConn) error {
	wanted := &EchoStatus{Code: int32(codes.Unknown), Message: "test status message"}
	if err := unaryStatus(c, wanted); err != nil {
		return err
	}
	stream, err := NewTestServiceClient(c).FullDuplexCall(background())
	if err != nil {
		return err
	}
	if err := stream.Send(&StreamingOutputCallRequest{ResponseStatus: wanted}); err != nil {
		return err
	}
	stream.CloseSend()
	_, err = stream.Recv()
	return expectStatus(err, wanted)
}

func specialStatusMessage(c *grpc.ClientConn) error {
	const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
	return unaryStatus(c, &EchoStatus{Code: int32(codes.Unknown), Message: message})
}

func unimplementedMethod(c *grpc.ClientConn) error {
	_, err := NewTestServiceClient(c).UnimplementedCall(background(), &Empty{})
	return expectCode(err, codes.Unimplemented)
}

func unimplementedService(c *grpc.ClientConn) error {
	_, err := NewUnimplementedServiceClient(c).UnimplementedCall(background(), &Empty{})
	return expectCode(err, codes.Unimplemented)
}

// Cancellation and deadlines

func cancelAfterBegin(c *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(background())
	stream, err := NewTestServiceClient(c).StreamingInputCall(ctx)
	if err != nil {
		return err
	}
	cancel()
	_, err = stream.CloseAndRecv()
	return expectCode(err, codes.Canceled)
}

func cancelAfterFirstResponse(c *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(background())
	defer cancel()
	stream, err := NewTestServiceClient(c).FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	request := outputRequest(31415)
	request.Payload = payload(27182)
	if err := stream.Send(request); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil {
		return err
	}
	cancel()
	_, err = stream.Recv()
	return expectCode(err, codes.Canceled)
}

func timeoutOnSleepingServer(c *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	stream, err := NewTestServiceClient(c).FullDuplexCall(ctx)
	if err == nil {
		stream.Send(&StreamingOutputCallRequest{Payload: payload(27182)})
		_, err = stream.Recv()
	}
	return expectCode(err, codes.DeadlineExceeded)
}

// Expecting

func expectZeros(found *Payload, size int) error {
	if !bytes.Equal(found.GetBody(), make([]byte, size)) {
		return fmt.Errorf("a payload of %d bytes, not %d zeros", len(found.GetBody()), size)
	}
	return nil
}

func expectCode(err error, code codes.Code) error {
	if found := status.Code(err); found != code {
		return fmt.Errorf("%v, not %v: %v", found, code, err)
	}
	return nil
}

func expectStatus(err error, wanted *EchoStatus) error {
	found := status.Convert(err)
	if int32(found.Code()) != wanted.GetCode() || found.Message() != wanted.GetMessage() {
		return fmt.Errorf("%v, not %v", found, wanted)
	}
	return nil
}
