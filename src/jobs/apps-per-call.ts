/** `KickUsersDto.appIds`, maxItems (Authing's management-openapi.json): a user with more apps takes several calls. */
export const APPS_PER_CALL = 50;
