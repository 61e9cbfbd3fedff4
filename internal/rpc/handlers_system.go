package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/status"
)

type systemHandler struct {
	status func(ctx context.Context, owner uuid.UUID) status.Report
}

var _ postwrightv1connect.SystemServiceHandler = systemHandler{}

func (h systemHandler) GetStatus(ctx context.Context, req *postwrightv1.GetStatusRequest) (*postwrightv1.GetStatusResponse, error) {
	return unary(ctx, req, onlyCaller, func(ctx context.Context, caller uuid.UUID) (status.Report, error) {
		return h.status(ctx, caller), nil
	}, func(report status.Report) *postwrightv1.GetStatusResponse {
		res := &postwrightv1.GetStatusResponse{State: checkStates.value(report.State())}
		for _, c := range report.Checks {
			res.Checks = append(res.Checks, &postwrightv1.Check{
				Name: c.Name, State: checkStates.value(c.State), Detail: c.Detail, Remedy: c.Remedy,
			})
		}
		return res
	})
}
