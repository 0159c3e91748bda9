import sys

import grpc
from martlet.v1 import account_pb2, account_pb2_grpc, history_pb2, history_pb2_grpc

address, certificate, username, password = sys.argv[1:]
with open(certificate, "rb") as file:
    channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))

accounts = account_pb2_grpc.AccountServiceStub(channel)
session = accounts.LogIn(account_pb2.LogInRequest(
    identifier=username, password=password,
    device=account_pb2.Device(id="5b1e7c9e-1f6a-4d0c-8a55-2f2f6f3f9a01"))).session

history = history_pb2_grpc.HistoryServiceStub(channel)
page = history.ListActivities(
    history_pb2.ListActivitiesRequest(),
    metadata=[("authorization", f"Bearer {session.access_token}")], timeout=10)
for activity in page.activities:
    print(activity.title, activity.statistics.distance_meters, "m")
