package main

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	initialKey  = "x-grpc-test-echo-initial"
	trailingKey = "x-grpc-test-echo-trailing-bin"
)

// testServer answers as the descriptions say, except that grpc-go 1.33 has no way to choose a
// response's compression: it compresses as the request came.
type testServer struct{}

func (testServer) EmptyCall(ctx context.Context, _ *Empty) (*Empty, error) {
	return &Empty{}, nil
}

func (testServer) UnaryCall(ctx context.Context, request *SimpleRequest) (*SimpleResponse, error) {
	echoMetadata(ctx, func(leading, trailing metadata.MD) {
		grpc.SetHeader(ctx, leading)
		grpc.SetTrailer(ctx, trailing)
	})
	if err := checkCompressed(request.GetExpectCompressed(), compressedCount(ctx) == 1); err != nil {
		return nil, err
	}
	if err := echoStatus(request.GetResponseStatus()); err != nil {
		return nil, err
	}
	return &SimpleResponse{Payload: payload(request.GetResponseSize())}, nil
}

func (testServer) StreamingOutputCall(request *StreamingOutputCallRequest, stream TestService_StreamingOutputCallServer) error {
	return answer(request, stream)
}

func (testServer) StreamingInputCall(stream TestService_StreamingInputCallServer) error {
	var sum int32
	before := 0
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&StreamingInputCallResponse{AggregatedPayloadSize: sum})
		}
		if err != nil {
			return err
		}
		now := compressedCount(stream.Context())
		if err := checkCompressed(request.GetExpectCompressed(), now > before); err != nil {
			return err
		}
		before = now
		sum += int32(len(request.GetPayload().GetBody()))
	}
}

func (testServer) FullDuplexCall(stream TestService_FullDuplexCallServer) error {
	echoMetadata(stream.Context(), func(leading, trailing metadata.MD) {
		stream.SetHeader(leading)
		stream.SetTrailer(trailing)
	})
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := answer(request, stream); err != nil {
			return err
		}
	}
}

func (testServer) HalfDuplexCall(stream TestService_HalfDuplexCallServer) error {
	var requests []*StreamingOutputCallRequest
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		requests = append(requests, request)
	}
	for _, request := range requests {
		if err := answer(request, stream); err != nil {
			return err
		}
	}
	return nil
}

func (testServer) UnimplementedCall(context.Context, *Empty) (*Empty, error) {
	return nil, status.Error(codes.Unimplemented, "this method is there to be missing")
}

type responseSender interface {
	Send(*StreamingOutputCallResponse) error
}

func answer(request *StreamingOutputCallRequest, stream responseSender) error {
	if err := echoStatus(request.GetResponseStatus()); err != nil {
		return err
	}
	for _, parameters := range request.GetResponseParameters() {
		time.Sleep(time.Duration(parameters.GetIntervalUs()) * time.Microsecond)
		if err := stream.Send(&StreamingOutputCallResponse{Payload: payload(parameters.GetSize())}); err != nil {
			return err
		}
	}
	return nil
}

func payload(size int32) *Payload {
	return &Payload{Body: make([]byte, size)}
}

func checkCompressed(expected *BoolValue, isCompressed bool) error {
	if expected != nil && expected.GetValue() != isCompressed {
		return status.Errorf(codes.InvalidArgument, "compressed: %v", isCompressed)
	}
	return nil
}

func echoStatus(wanted *EchoStatus) error {
	if wanted.GetCode() == 0 {
		return nil
	}
	return status.Error(codes.Code(wanted.GetCode()), wanted.GetMessage())
}

func echoMetadata(ctx context.Context, set func(leading, trailing metadata.MD)) {
	received, _ := metadata.FromIncomingContext(ctx)
	leading, trailing := metadata.MD{}, metadata.MD{}
	if values := received.Get(initialKey); len(values) > 0 {
		leading.Set(initialKey, values...)
	}
	if values := received.Get(trailingKey); len(values) > 0 {
		trailing.Set(trailingKey, values...)
	}
	set(leading, trailing)
}
