// Leads to the provider of the visitor's company. A link cannot: the company may have to be typed first.

const button = document.querySelector("#company");
const fault = document.querySelector("#company-fault");

button.addEventListener("click", () => {
  const field = document.querySelector("#field-tenant");
  const tenant = button.dataset.tenant ?? field?.value.trim();
  fault.hidden = Boolean(tenant);
  if (!tenant) return field?.focus();
  const next = new URLSearchParams(location.search).get("next") ?? "";
  location.assign(`/sign-in/company?${new URLSearchParams({ tenant, next })}`);
});
