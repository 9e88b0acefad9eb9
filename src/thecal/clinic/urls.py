"""The addresses of the clinic. Each view says who may open it (``thecal.clinic.access``)."""

from django.urls import include, path

from thecal.clinic.views import (
    accounts,
    candidacy,
    closing,
    decision,
    diary,
    errors,
    facts,
    formulary,
    history,
    implant,
    ledger,
    patients,
    prescription,
    pump,
    refill,
    summary,
    trial,
    worklist,
)

_chart = [
    path("", summary.summary, name="summary"),
    path("plots/", summary.plots, name="plots"),
    path("history/", history.history, name="history"),
    path("facts/", facts.facts, name="facts"),
    path("facts/<slug:topic>/", facts.record, name="fact"),
    path("facts/<uuid:event>/correct/", facts.correct, name="fact-correct"),
    path("candidacy/", candidacy.candidacy, name="candidacy"),
    path("candidacy/<slug:criterion>/waive/", candidacy.waive, name="criterion-waive"),
    path("trial/", trial.trial, name="trial"),
    path("trial/plan/", trial.plan, name="trial-plan"),
    path("trial/start/", trial.start, name="trial-start"),
    path("trial/dose/", trial.dose, name="trial-dose"),
    path("trial/conclude/", trial.conclude, name="trial-conclude"),
    path("diary/", diary.links, name="diary-links"),
    path("diary/<int:link>/revoke/", diary.revoke, name="diary-revoke"),
    path("decision/", decision.decision, name="decision"),
    path("implant/", implant.implant, name="implant"),
    path("prescription/", prescription.prescription, name="prescription"),
    path("prescription/review/", prescription.review, name="prescription-review"),
    path("prescription/sign/", prescription.sign, name="prescription-sign"),
    path("prescription/<str:digest>/send/", prescription.send, name="prescription-send"),
    path("pump/", pump.pump, name="pump"),
    path("pump/status/", pump.status, name="pump-status"),
    path("refill/", refill.refill, name="refill"),
    path("refill/what-if/", refill.what_if, name="refill-what-if"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/export/", ledger.export, name="ledger-export"),
    path("close/", closing.closing, name="closing"),
]

urlpatterns = [
    path("", worklist.home, name="home"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("password/", accounts.password, name="password"),
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.new, name="patient-new"),
    path("patients/import/", patients.import_bundle, name="patient-import"),
    path("patients/<uuid:chart>/", include(_chart)),
    path("formulary/", formulary.formulary, name="formulary"),
    path("formulary/<str:drug>/", formulary.drug, name="formulary-drug"),
    path("formulary/<str:drug>/<str:route>/<str:key>/<str:population>/", formulary.limit, name="formulary-limit"),
    path("d/<str:token>/", diary.public_diary, name="diary"),
    path("me/", diary.own_diary, name="own-diary"),
]

handler400 = "thecal.clinic.views.errors.bad_request"
handler403 = "thecal.clinic.views.errors.forbidden"
handler404 = "thecal.clinic.views.errors.not_found"
handler500 = "thecal.clinic.views.errors.failed"
__all__ = ["errors", "handler400", "handler403", "handler404", "handler500", "urlpatterns"]
