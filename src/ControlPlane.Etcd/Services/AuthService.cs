using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Protocol;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>Auth</c>: always off, and it says so. Who may connect is a matter of client certificates.</summary>
internal sealed class AuthService(ServedStore store) : Auth.AuthBase
{
    // What etcd answers before anybody touched its users.
    private const ulong FirstAuthRevision = 1;

    public override Task<AuthStatusResponse> AuthStatus(AuthStatusRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthStatusResponse { Header = store.Header(), Enabled = false, AuthRevision = FirstAuthRevision });

    public override Task<AuthDisableResponse> AuthDisable(AuthDisableRequest request, ServerCallContext context) => Task.FromResult(new AuthDisableResponse { Header = store.Header() });

    public override Task<AuthUserListResponse> UserList(AuthUserListRequest request, ServerCallContext context) => Task.FromResult(new AuthUserListResponse { Header = store.Header() });

    public override Task<AuthRoleListResponse> RoleList(AuthRoleListRequest request, ServerCallContext context) => Task.FromResult(new AuthRoleListResponse { Header = store.Header() });

    public override Task<AuthenticateResponse> Authenticate(AuthenticateRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.AuthNotEnabled);

    public override Task<AuthEnableResponse> AuthEnable(AuthEnableRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserAddResponse> UserAdd(AuthUserAddRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserGetResponse> UserGet(AuthUserGetRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserDeleteResponse> UserDelete(AuthUserDeleteRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserChangePasswordResponse> UserChangePassword(AuthUserChangePasswordRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserGrantRoleResponse> UserGrantRole(AuthUserGrantRoleRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthUserRevokeRoleResponse> UserRevokeRole(AuthUserRevokeRoleRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthRoleAddResponse> RoleAdd(AuthRoleAddRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthRoleGetResponse> RoleGet(AuthRoleGetRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthRoleDeleteResponse> RoleDelete(AuthRoleDeleteRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthRoleGrantPermissionResponse> RoleGrantPermission(AuthRoleGrantPermissionRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);

    public override Task<AuthRoleRevokePermissionResponse> RoleRevokePermission(AuthRoleRevokePermissionRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoUsers);
}
