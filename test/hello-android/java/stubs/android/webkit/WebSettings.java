package android.webkit;

public class WebSettings {
  public void setJavaScriptEnabled(boolean on) {
    System.out.println("WebSettings.setJavaScriptEnabled " + on);
  }

  public void setAllowFileAccess(boolean on) {
    System.out.println("WebSettings.setAllowFileAccess " + on);
  }
}
