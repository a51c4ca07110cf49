/** `KickUsersDto.appIds`, maxItems (Authing's management-openapi.json): a job's user with more apps takes several calls. */
export const MAX_APPS_PER_CALL = 50;
